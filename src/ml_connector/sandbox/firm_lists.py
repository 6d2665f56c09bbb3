"""The plain names behind the sandbox firm: chart of accounts, divisions, terms, suppliers, clients and jobs.

Two spaces of indentation are one level of the list. An account line is `number | name | type | marks`; the number
may be empty, and marks are `inactive` or a currency code.
"""

from __future__ import annotations

ACCOUNTS = """
1000 | Operating Checking | Bank |
1010 | Payroll Checking | Bank |
1020 | Money Market | Bank |
1030 | Canadian Dollar Account | Bank | CAD
1090 | Petty Cash | Bank |
1100 | Accounts Receivable | AccountsReceivable |
1150 | Retention Receivable | OtherCurrentAsset |
1200 | Costs in Excess of Billings | OtherCurrentAsset |
1300 | Prepaid Expenses | OtherCurrentAsset |
  1310 | Prepaid Insurance | OtherCurrentAsset |
  1320 | Prepaid Bonds | OtherCurrentAsset |
1400 | Yard Inventory | OtherCurrentAsset |
1450 | Undeposited Funds | OtherCurrentAsset |
1500 | Fixed Assets | FixedAsset |
  1510 | Heavy Equipment | FixedAsset |
  1520 | Vehicles | FixedAsset |
  1530 | Office Furniture | FixedAsset |
  1590 | Accumulated Depreciation | FixedAsset |
1800 | Plan Room Deposits | OtherAsset |
2000 | Accounts Payable | AccountsPayable |
2010 | Accounts Payable - CAD | AccountsPayable | CAD
2050 | Retention Payable | OtherCurrentLiability |
2100 | Company Credit Card | CreditCard |
2110 | Fuel Card | CreditCard |
2200 | Payroll Liabilities | OtherCurrentLiability |
2250 | Sales and Use Tax Payable | OtherCurrentLiability |
2300 | Billings in Excess of Costs | OtherCurrentLiability |
2400 | Customer Deposits | OtherCurrentLiability |
2500 | Equipment Loans | LongTermLiability |
  2510 | Loan - Excavators | LongTermLiability |
  2520 | Loan - Trucks | LongTermLiability |
3000 | Owners' Equity | Equity |
3100 | Retained Earnings | Equity |
4000 | Contract Revenue | Income |
  4010 | Commercial Contracts | Income |
  4020 | Residential Contracts | Income |
  4030 | Public Works Contracts | Income |
  4040 | Change Orders | Income |
4500 | Service Revenue | Income |
4900 | Discounts Given | Income | inactive
5000 | Subcontract Costs | CostOfGoodsSold |
  5010 | Excavation Subs | CostOfGoodsSold |
  5020 | Concrete Subs | CostOfGoodsSold |
  5030 | Framing Subs | CostOfGoodsSold |
  5040 | Roofing Subs | CostOfGoodsSold |
  5050 | Electrical Subs | CostOfGoodsSold |
  5060 | Plumbing Subs | CostOfGoodsSold |
  5070 | HVAC Subs | CostOfGoodsSold |
  5080 | Finish Subs | CostOfGoodsSold |
  5090 | Landscaping Subs | CostOfGoodsSold |
6000 | Job Costs | CostOfGoodsSold |
  6100 | Materials | CostOfGoodsSold |
    6110 | Lumber | CostOfGoodsSold |
    6120 | Concrete and Aggregate | CostOfGoodsSold |
    6130 | Steel and Rebar | CostOfGoodsSold |
    6140 | Roofing Materials | CostOfGoodsSold |
    6150 | Electrical Materials | CostOfGoodsSold |
    6160 | Plumbing Materials | CostOfGoodsSold |
    6170 | Drywall and Insulation | CostOfGoodsSold |
    6180 | Paint and Finishes | CostOfGoodsSold |
    | Hardware & Fasteners | CostOfGoodsSold |
  6200 | Equipment Costs | CostOfGoodsSold |
    6210 | Equipment Rental | CostOfGoodsSold |
    6220 | Equipment Fuel | CostOfGoodsSold |
    6230 | Equipment Repair | CostOfGoodsSold |
    62405 | Crane Service | CostOfGoodsSold |
  6300 | Site Costs | CostOfGoodsSold |
    6310 | Dump and Disposal Fees | CostOfGoodsSold |
    6320 | Temporary Facilities | CostOfGoodsSold |
    6330 | Temporary Power and Water | CostOfGoodsSold |
    6340 | Site Security | CostOfGoodsSold |
    | Traffic Control | CostOfGoodsSold |
  6400 | Permits and Fees | CostOfGoodsSold |
  6500 | Testing and Inspection | CostOfGoodsSold |
  6600 | Freight and Delivery | CostOfGoodsSold |
  6700 | Job Insurance and Bonds | CostOfGoodsSold |
  6800 | Small Tools | CostOfGoodsSold |
  | Warranty Work | CostOfGoodsSold |
7000 | Office Expense | Expense |
  7010 | Office Supplies | Expense |
  7020 | Postage and Courier | Expense |
  7030 | Printing and Plans | Expense |
  7040 | Software Subscriptions | Expense |
7100 | Occupancy | Expense |
  7110 | Rent | Expense |
  7120 | Utilities | Expense |
  7130 | Telephone and Internet | Expense |
  7140 | Janitorial | Expense |
7200 | Vehicle Expense | Expense |
  7210 | Fuel | Expense |
  7220 | Vehicle Repairs | Expense |
  7230 | Licenses and Registration | Expense |
7300 | Insurance | Expense |
  7310 | General Liability | Expense |
  7320 | Workers' Compensation | Expense |
7400 | Professional Fees | Expense |
  7410 | Legal | Expense |
  7420 | Accounting | Expense |
  7430 | Engineering & Survey | Expense |
7500 | Travel and Meals | Expense |
7600 | Safety and Training | Expense |
7700 | Advertising | Expense |
7800 | Small Tools - Shop | Expense |
7800 | Shop Supplies | Expense |
7900 | Bank Charges | Expense |
  | Décor & Showroom | Expense |
7950 | Old Fax Line | Expense | inactive
8000 | Interest Income | OtherIncome |
8500 | Interest Expense | OtherExpense |
9000 | Purchase Orders | NonPosting |
"""

CLASSES = """
Commercial
  Tenant Improvement
Residential
  Custom Homes
  Remodel
Public Works
  Bridges & Culverts
Civil
Service
Overhead
A
Yard
Façade Works
Marine (closed)
"""

#: name | days due | discount days | discount percent
STANDARD_TERMS = """
Due on receipt | 0 | 0 | 0
Net 10 | 10 | 0 | 0
Net 15 | 15 | 0 | 0
Net 30 | 30 | 0 | 0
Net 45 | 45 | 0 | 0
Net 60 | 60 | 0 | 0
1% 10 Net 30 | 30 | 10 | 1
2% 10 Net 30 | 30 | 10 | 2
Pay when paid | 90 | 0 | 0
"""

#: name | day of month due | due next month days | discount day of month | discount percent
DATE_DRIVEN_TERMS = """
10th of month | 10 | 5 | 0 | 0
25th prox 1% | 25 | 3 | 10 | 1
"""

#: Suppliers the invoices and the tests rely on by name.
NAMED_VENDORS = (
    "Béton Façade Ltée",
    "Hartmann & Sons Lumber",
    "O'Malley's Rebar Supply",
    "Q",
    "Northern Lights Steel Ltd.",
    "Ibáñez Concrete Pumping",
    "Prairie Ready-Mix Co.",
    "Smith, Jones & Partners Surveyors",
    "Müller Crane Rental",
    "A-1 Portable Toilets",
    '"Big Bob" Excavating',
    "Señor Stucco & Plaster",
    "Ångström Testing Labs",
    "D'Angelo Tile & Stone",
    "J.P. O'Neil <Paving>",
    "Cascadia Public Utility District No. 1",
    "Wm. Baird Roofing - Sheet Metal - Gutters",
    "3 Rivers Aggregate",
    "Crème Paint & Décor",
    "Zylstra Electric",
)

#: Places in 41 characters: combined with a trade they make the other suppliers.
PLACES = (
    "Yakima", "Wenatchee", "Ellensburg", "Cle Elum", "Leavenworth", "Chelan", "Snoqualmie", "Bend", "Klamath",
    "Redmond", "Walla Walla", "Spokane", "Pasco", "Hood River", "The Dalles", "Baker City", "Okanogan", "Skagit",
    "Whatcom", "Cowlitz", "Kittitas", "Deschutes", "Tieton", "Naches", "Selah", "Toppenish",
)  # fmt: skip

TRADES = (
    "Lumber", "Ready-Mix", "Steel Fabricators", "Electric", "Plumbing Supply", "Roofing", "Equipment Rental",
    "Drywall", "Insulation", "Glass & Mirror", "Paving", "Excavating", "Fence Co.", "Septic", "Sand & Gravel",
    "Mechanical", "Fire Protection", "Masonry", "Door & Hardware", "Safety Supply", "Tire & Lube", "Landscaping",
    "Pest Control", "Waste Services", "Fuel Distributors", "Blueprint",
)  # fmt: skip

CLIENT_FIRST = (
    "Alder", "Birch Creek", "Canyon", "Douglas Fir", "Evergreen", "Foothill", "Granite", "Highland", "Icicle",
    "Juniper", "Kestrel", "Larch", "Manastash", "Nason", "Orchard",
)  # fmt: skip

CLIENT_SECOND = ("School District", "Medical Group", "Properties LLC", "Family Trust", "Brewing Co.", "Water District")

JOB_NAMES = (
    "Addition", "Parking Lot", "Reroof", "Tenant Improvement", "New Office", "Seismic Retrofit", "Pump House",
    "Warehouse", "Site Work", "Kitchen Remodel", "Culvert Replacement", "Phase 2",
)  # fmt: skip

STREETS = ("Mill Rd", "Orchard Ave", "Canal St", "Railroad Ave", "Industrial Way", "Summit View", "River Rd", "Fir St")

CITIES = (
    ("Yakima", "WA", "98901"), ("Wenatchee", "WA", "98801"), ("Ellensburg", "WA", "98926"), ("Spokane", "WA", "99201"),
    ("Bend", "OR", "97701"), ("Hood River", "OR", "97031"), ("Boise", "ID", "83702"), ("Pasco", "WA", "99301"),
)  # fmt: skip

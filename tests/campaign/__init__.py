"""The campaign: whole lives of the connector, from seeds, with every misfortune that the simulators know.

    process     the connector's process: where it commits, and where it dies
    wires       what happens to calls on their way, in both directions
    cases       invoices, and what must become of them
    people      what clerks, bookkeepers and operators do meanwhile
    life        one seed: weather, a storm, a calm
    oracles     what must hold afterwards, asked of both outside worlds
    runner      many seeds, on all cores

`python -m campaign --seeds 1-50` runs it; `docs/explanation/campaign.md` explains it.
"""

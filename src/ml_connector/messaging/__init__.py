"""Ways to people outside of the console: e-mail, webhooks and chat rooms."""

"""AWS Budgets: what a budget is, and who shall hear of it. Nothing here costs anything."""

"""Microsoft.Insights' rules and groups of receivers, and the alerts that rules fire."""

"""The report of everything that was collected and evaluated: one page, and the same as Markdown, PDF, JSON and CSV."""

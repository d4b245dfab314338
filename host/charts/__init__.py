"""Interactive charts as SVG text, for a report that is one HTML file, and for its PDF and its Markdown.

Why not a plotting library: Plotly's script alone has more than 3 MB and Vega's nearly 1 MB, while a whole report with
some 150 figures shall stay below 5 MB. Neither's points can be reached with the keyboard, and the same figure must
also stand in a PDF and in Markdown, where no script runs. matplotlib's SVG files draw every letter as a path, name
nothing and do not follow dark mode; only its choice of ticks is used here.

A chart has no script. What can be pointed at is a group with `tabindex`, `role`, `aria-label`, a `<title>` and
`data-` attributes; a page's script reads these (`host.charts.scatter` lists them). The room knows nothing of results
or reports.
"""

"""Charts as Vega-Lite specifications with their data in them: pure functions of results.

The page shows them with vega-embed, the reports as SVG; both draw the same specification.
Months and days are ordinal text (``2019-03``), never instants, so that no browser's timezone
can move them. A missing month or day keeps its place on the axis and stays empty.
"""

"""Rows of what a change of the registry does, or would do."""

from pydantic import Field

from api.rows.base import Row


class RegistryChangeRow(Row):
    change: str = Field(
        description="new: a record; changed: a field or an item; ended: an end where there was none; "
        "added, removed: an item of what changes over time, or a device replaced by one of another "
        "sheet."
    )
    sheet: str = Field(description="Sheet of the workbook.", examples=["institutions"])
    record: str = Field(description="Id of the record.")
    institution: str = Field(description="Institution it is about.")
    column: str = Field(description="Field; empty: the record as a whole.")
    item: str = Field(description="Which of several, mostly the day from which it holds.")
    before: str = Field(description="As a cell shows it; empty: nothing.")
    after: str = Field(description="As a cell shows it; empty: nothing.")
    closed_months: int = Field(
        description="Closed months of the institution that rest on it. They do not change by "
        "themselves: computed anew, they are restated once somebody approves."
    )
    first_closed: str | None = Field(description="The first of them; null: there are none.")
    last_closed: str | None = Field(description="The last of them; null: there are none.")
    zh_text: str = Field(description="The same in Chinese.")
    en_text: str = Field(description="The same in English.")

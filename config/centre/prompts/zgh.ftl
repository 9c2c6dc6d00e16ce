### Standard Moroccan Tamazight, in Tifinagh. A DRAFT: a native reviewer is required before these are recorded.
### Only words on which several sources agree stand here. Everything else is said in Arabic (see [languages]); leave a
### prompt out rather than invent it. Spoken Tachelhit, Tamazight and Tarifit differ: record by variety.

# The name of the language, and the number of its key.
lang = ⵜⴰⵎⴰⵣⵉⵖⵜ: ⴽⵕⴰⴹ.
language =
    .zgh = ⵜⴰⵎⴰⵣⵉⵖⵜ

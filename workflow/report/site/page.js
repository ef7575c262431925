// @ts-check
"use strict";
/* What every page has: its theme; and, where there is one, a list that is searched, filtered and sorted. */

const THEME = "detente-theme";

/** Light, dark, or as the system has it. @param {string} theme */
function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  document.dispatchEvent(new Event("theme"));
}

/** What was chosen before; nothing where the browser keeps nothing of a page. */
function keptTheme() {
  try {
    return localStorage.getItem(THEME) || "";
  } catch {
    return "";
  }
}

/** A table whose rows have `data-…` of what they are filtered by; the address has what is chosen. */
class List {
  /** @param {HTMLTableElement} table */
  constructor(table) {
    this.table = table;
    this.body = table.tBodies[0];
    this.rows = [...this.body.rows];
    const form = /** @type {HTMLFormElement} */ (document.getElementById(table.dataset.list || ""));
    this.form = form;
    this.shown = /** @type {HTMLElement} */ (form.querySelector("[role=status]"));
    form.hidden = false;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("reset", () => setTimeout(() => this.changed()));
    form.addEventListener("submit", (event) => event.preventDefault());
    [...(table.tHead?.rows[0].cells || [])].forEach((head, column) => {
      if (!head.dataset.sort) return;
      const button = Elements.h("button", { type: "button", click: () => this.sort(column) }, ...head.childNodes);
      head.replaceChildren(button);
    });
    this.recall();
    addEventListener("hashchange", () => this.recall());
  }

  /** @returns {(HTMLInputElement | HTMLSelectElement)[]} */
  get fields() {
    return /** @type {any} */ (
      [...this.form.elements].filter((e) => e instanceof HTMLInputElement || e instanceof HTMLSelectElement)
    );
  }

  recall() {
    const state = Elements.read(location.hash);
    for (const field of this.fields) field.value = state[field.name] || "";
    const [column, direction] = (state.sort || "").split(",");
    if (column) this.order(Number(column), direction === "down");
    this.filter();
  }

  changed() {
    this.filter();
    this.remember();
  }

  remember() {
    const sorted = [...(this.table.tHead?.rows[0].cells || [])].find(
      (head) => head.ariaSort && head.ariaSort !== "none",
    );
    const state = Object.fromEntries(this.fields.map((field) => [field.name, field.value]));
    if (sorted) state.sort = `${sorted.cellIndex},${sorted.ariaSort === "descending" ? "down" : "up"}`;
    Elements.remember(state);
  }

  filter() {
    let n = 0;
    for (const row of this.rows) {
      const fits = this.fields.every(({ name, value }) => {
        if (!value) return true;
        if (name === "search") return (row.textContent || "").toLowerCase().includes(value.toLowerCase());
        return (row.dataset[name] || "").split(" ").includes(value);
      });
      row.hidden = !fits;
      n += fits ? 1 : 0;
    }
    this.shown.textContent = `${n} of ${this.rows.length} shown`;
  }

  /** @param {number} column */
  sort(column) {
    const head = /** @type {HTMLTableRowElement} */ (this.table.tHead?.rows[0]).cells[column];
    this.order(column, head.ariaSort === "ascending");
    this.remember();
  }

  /** Sort by a column; what has no value stands last, in either direction. @param {number} column @param {boolean} down */
  order(column, down) {
    const heads = [.../** @type {HTMLTableRowElement} */ (this.table.tHead?.rows[0]).cells];
    heads.forEach((head, i) => {
      if (head.dataset.sort) head.ariaSort = i === column ? (down ? "descending" : "ascending") : "none";
    });
    const numeric = heads[column]?.dataset.sort === "number";
    const key = (/** @type {HTMLTableRowElement} */ row) =>
      row.cells[column]?.dataset.value ?? row.cells[column]?.textContent ?? "";
    const turn = down ? -1 : 1;
    this.rows.sort((one, other) => {
      const a = key(one),
        b = key(other);
      if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
      return turn * (numeric ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true }));
    });
    this.body.append(...this.rows);
  }
}

setTheme(keptTheme());
document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches,
        now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
      const next = now === "dark" ? "light" : "dark";
      setTheme(next);
      try {
        localStorage.setItem(THEME, next);
      } catch {
        // A browser that keeps nothing of a page.
      }
    });
  }
  for (const table of /** @type {NodeListOf<HTMLTableElement>} */ (document.querySelectorAll("table[data-list]")))
    new List(table);
});

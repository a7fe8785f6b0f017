"use strict";

// The page is complete without this: it only filters samples and sorts tables.

for (const input of document.querySelectorAll("input[data-filter]")) {
  input.hidden = false;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const item of document.getElementById(`${input.dataset.filter}-list`).children) {
      item.hidden = !item.textContent.toLowerCase().includes(wanted);
    }
  });
}

const valueOf = (row, column) => row.cells[column].textContent.trim();

function compare(a, b) {
  const difference = parseFloat(a) - parseFloat(b);
  return Number.isNaN(difference) ? a.localeCompare(b) : difference;
}

for (const table of document.querySelectorAll("table.sortable")) {
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    const button = document.createElement("button");
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const descending = title.getAttribute("aria-sort") !== "descending";
      titles.forEach((other) => other.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => compare(valueOf(a, column), valueOf(b, column)) * (descending ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  });
}

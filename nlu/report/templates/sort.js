"use strict";
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const column = [...head.parentNode.children].indexOf(head);
    const falls = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const body = head.closest("table").tBodies[0];
    const key = (row) => row.children[column].dataset.value ?? row.children[column].textContent;
    const isNumber = head.classList.contains("number");
    const rows = [...body.rows].sort((a, b) => (isNumber ? key(a) - key(b) : key(a).localeCompare(key(b))));
    body.append(...(falls ? rows.reverse() : rows));
  });
}

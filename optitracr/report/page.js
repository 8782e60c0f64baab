"use strict";
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);

  const themes = ["automatic", "light", "dark"];
  const theme = document.getElementById("theme");
  theme.addEventListener("click", () => {
    const now = themes[(themes.indexOf(root.dataset.theme || "automatic") + 1) % themes.length];
    if (now === "automatic") delete root.dataset.theme;
    else root.dataset.theme = now;
    theme.textContent = `Theme: ${now}`;
  });

  let pinned = null;
  const highlight = (variable) => {
    const hot = variable ?? pinned;
    document.querySelectorAll(".is-hot").forEach((element) => element.classList.remove("is-hot"));
    root.classList.toggle("has-hot", hot !== null);
    if (hot === null) return;
    for (const element of document.querySelectorAll(`[data-v="${hot}"]`)) {
      element.classList.add("is-hot");
    }
  };
  const pin = (variable) => {
    pinned = pinned === variable ? null : variable;
    for (const chip of document.querySelectorAll(".chip")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.v === pinned));
    }
    highlight(null);
  };
  const tell = (mark) => {
    const told = mark.closest(".canvas")?.nextElementSibling;
    if (told) told.textContent = mark.querySelector("title")?.textContent ?? "";
  };
  const point = (event) => {
    const target = event.target.closest?.("[data-v]");
    highlight(target ? target.dataset.v : null);
    const mark = event.target.closest?.(".mark");
    if (mark) tell(mark);
  };
  document.addEventListener("pointerover", point);
  document.addEventListener("focusin", point);
  document.addEventListener("focusout", () => highlight(null));
  document.addEventListener("click", (event) => {
    const chip = event.target.closest?.(".chip, .mark[data-v]");
    if (chip) pin(chip.dataset.v);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && pinned !== null) pin(pinned);
    const mark = event.target.closest?.(".mark");
    if (!mark) return;
    if (event.key === "Enter" && mark.dataset.v) pin(mark.dataset.v);
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const marks = [...mark.closest("svg").querySelectorAll(".mark")];
    const next = marks[marks.indexOf(mark) + steps[event.key]];
    if (!next) return;
    mark.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });

  const example = document.getElementById("example-input");
  const head = document.getElementById("head");
  const cell = (tag, text, scope) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (scope) made.scope = scope;
    return made;
  };
  const weightCell = (weight) => {
    const made = document.createElement("td");
    const shown = document.createElement("span");
    shown.className = "weight";
    shown.style.setProperty("--weight", weight);
    if (weight >= 0.995) shown.textContent = "1";
    else if (weight >= 0.005) shown.textContent = weight.toFixed(2).replace("0.", ".");
    made.append(shown);
    return made;
  };
  const drawHead = () => {
    const table = document.querySelector("#heat table");
    if (!table) return;
    const chosen = data.examples[example.value];
    const weights = chosen.weights[head.value];
    const row = document.createElement("tr");
    row.append(cell("th", "query ↓ key →", "col"));
    row.append(...chosen.tokens.map((token) => cell("th", token, "col")));
    table.tHead.replaceChildren(row);
    table.tBodies[0].replaceChildren(
      ...weights.map((line, query) => {
        const made = document.createElement("tr");
        made.append(cell("th", chosen.tokens[query], "row"), ...line.map(weightCell));
        return made;
      }),
    );
  };
  const showExample = () => {
    for (const part of document.querySelectorAll(".example")) {
      part.classList.toggle("is-shown", part.dataset.example === example.value);
    }
    drawHead();
  };
  if (example) {
    example.addEventListener("change", showExample);
    head?.addEventListener("change", drawHead);
    showExample();
  }
})();

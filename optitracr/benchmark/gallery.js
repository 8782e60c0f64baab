(() => {
  const { models } = JSON.parse(document.getElementById("data").textContent);
  const body = document.querySelector(".models tbody");
  const rows = [...body.querySelectorAll("tr.model")];
  const chooser = (name) => document.getElementById(name);
  const value = (name) => chooser(name)?.value ?? "";
  const score = (model) => model.scores[value("method")] ?? null;

  let opened = null;
  const close = () => {
    if (!opened) return;
    opened.details.remove();
    opened.button.setAttribute("aria-expanded", "false");
    opened = null;
  };
  const unpacked = async (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const open = async (row, button) => {
    const details = document.createElement("tr");
    const cell = details.insertCell();
    const content = document.createElement("div");
    details.className = "details";
    content.className = "content";
    cell.colSpan = row.cells.length;
    cell.append(content);
    opened = { details, button };
    button.setAttribute("aria-expanded", "true");
    content.innerHTML = await unpacked(models[row.dataset.model].details);
    if (opened?.details === details) row.after(details);
  };
  body.addEventListener("click", (event) => {
    const button = event.target.closest(".open");
    if (!button) return;
    const again = opened?.button === button;
    close();
    if (!again) open(button.closest("tr"), button);
  });

  const shown = (model) => {
    const words = value("search").toLowerCase().split(/\s+/).filter(Boolean);
    const is = (name, of) => value(name) === "" || value(name) === String(of);
    return (
      words.every((word) => model.name.toLowerCase().includes(word)) &&
      (value("parameters") === "" || model.sizes.parameters <= Number(value("parameters"))) &&
      is("layers", model.sizes.layers) &&
      (value("feature") === "" || model.features.includes(value("feature"))) &&
      is("proof", model.proof) &&
      is("tier", model.tier) &&
      is("split", model.split)
    );
  };
  const key = (model, place) => {
    const order = value("order");
    if (order === "") return place;
    if (order === "name") return model.name;
    return order === "score" ? (score(model) ?? Infinity) : model.sizes[order];
  };
  const compare = (a, b) => (a < b ? -1 : Number(a > b));
  const update = () => {
    close();
    const order = rows
      .map((row, place) => ({ row, place, key: key(models[place], place) }))
      .sort((a, b) => compare(a.key, b.key) || a.place - b.place);
    body.append(...order.map(({ row }) => row));
    let count = 0;
    rows.forEach((row, place) => {
      const found = score(models[place]);
      row.hidden = !shown(models[place]);
      row.cells[row.cells.length - 1].textContent = found === null ? "–" : found.toFixed(2);
      count += Number(!row.hidden);
    });
    chooser("count").textContent = `${count} of ${models.length} models`;
  };
  for (const control of document.querySelectorAll(".gallery select, .gallery input")) {
    control.addEventListener("input", update);
  }
  update();
})();

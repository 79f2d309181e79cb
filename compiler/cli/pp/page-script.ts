/**
 * @file What the page of `fgc pp --html` does: shows where the line under the pointer or the keyboard's focus was written, keeps one when
 * asked to, searches. Plain JavaScript for any browser of the last years; no element is made from text but as text.
 */
export const pageScript = String.raw`
"use strict";
(() => {
  const { origins, templates } = JSON.parse(document.getElementById("data").textContent);
  const text = document.getElementById("text");
  const panel = document.getElementById("panel");
  const lines = [...text.children];
  const hint = panel.firstElementChild;
  let pinned = null;
  let focused = null;

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const place = ([template, line]) => templates[template].name + ":" + line;
  const colored = (at, words) => make("span", { class: "t" + at[0] }, words);

  // The template's own lines around a place.
  const excerpt = ([template, line]) => {
    const all = templates[template].text.split(/\r\n|\n|\r/);
    const pre = make("pre", { class: "t" + template });
    for (let n = Math.max(1, line - 3); n <= Math.min(all.length, line + 3); n += 1)
      pre.append(make("div", n === line ? { class: "it" } : {}, make("i", {}, String(n)), all[n - 1] || " "));
    return pre;
  };

  const words = { block: "block", extends: "extends", include: "includes", import: "imports", macro: "macro", call: "call", from_project: "from project" };

  const show = (ids) => {
    panel.replaceChildren();
    ids.forEach((id, i) => {
      const { at, block, chain, from } = origins[id];
      if (i > 0) panel.append(make("h3", {}, "also on this line"));
      panel.append(make("h2", {}, place(at)));
      if (block !== undefined) panel.append(make("p", { class: "block" }, "block " + block));
      panel.append(excerpt(at));
      if (from.length > 0) {
        const list = make("ul");
        for (const source of from) {
          const item = make("li");
          if (source.value !== undefined) item.append(make("b", {}, source.value));
          item.append(source.note || "written here");
          if (source.at !== undefined) item.append("  ", colored(source.at, place(source.at)));
          list.append(item);
        }
        panel.append(make("h3", {}, "the value"), list);
      }
      if (i === 0 && chain.length > 0) {
        const list = make("ul");
        for (const [kind, name, template, line] of chain)
          list.append(make("li", {}, (words[kind] || kind) + " " + name + "  ", colored([template, line], place([template, line]))));
        panel.append(make("h3", {}, "how it came here"), list);
      }
    });
  };

  const idsOf = (line, part) => {
    if (part !== null && part.dataset.o !== undefined) return [Number(part.dataset.o)];
    const own = line.dataset.o === undefined ? [] : [Number(line.dataset.o)];
    const parts = [...line.querySelectorAll("code [data-o]")].map((element) => Number(element.dataset.o));
    const seen = new Set();
    const printed = parts.filter((id) => origins[id].from.length > 0);
    // What an expression printed says more than the text around it.
    return [...printed, ...own, ...parts].filter((id) => {
      const key = origins[id].from.length > 0 ? "e" + id : place(origins[id].at);
      if (seen.has(key) || seen.has(place(origins[id].at))) return false;
      seen.add(key);
      seen.add(place(origins[id].at));
      return true;
    });
  };

  const reveal = (line, part = null) => {
    for (const other of text.querySelectorAll(".on")) other.classList.remove("on");
    if (line === null) panel.replaceChildren(hint);
    else {
      line.classList.add("on");
      show(idsOf(line, part));
    }
  };

  const pin = (line) => {
    if (pinned !== null) pinned.classList.remove("pin");
    pinned = line;
    if (line === null) history.replaceState(null, "", location.pathname + location.search);
    else {
      line.classList.add("pin");
      history.replaceState(null, "", "#" + line.id);
    }
  };

  const focus = (line) => {
    if (line === undefined || line === null) return;
    focused = line;
    line.focus({ preventScroll: true });
    line.scrollIntoView({ block: "nearest" });
    if (pinned === null) reveal(line);
  };

  text.addEventListener("mouseover", (event) => {
    if (pinned !== null) return;
    const line = event.target.closest("li");
    if (line !== null && line.dataset.o !== undefined) reveal(line, event.target.closest("code [data-o]"));
  });
  text.addEventListener("mouseleave", () => {
    if (pinned === null) reveal(focused);
  });
  text.addEventListener("click", (event) => {
    const line = event.target.closest("li");
    if (line === null || line.dataset.o === undefined || String(getSelection()) !== "") return;
    const again = pinned === line;
    focused = line;
    pin(again ? null : line);
    reveal(line, event.target.closest("code [data-o]"));
  });

  // Search ------------------------------------------------------------------------------------------------------------
  const query = document.getElementById("q");
  const hits = document.getElementById("hits");
  const originals = lines.map((line) => line.querySelector("code").innerHTML);
  let found = [];
  let at = -1;

  const highlight = (code, wanted) => {
    const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    for (const node of nodes) {
      const lower = node.data.toLowerCase();
      const parts = [];
      let end = 0;
      for (let i = lower.indexOf(wanted); i >= 0; i = lower.indexOf(wanted, end)) {
        parts.push(node.data.slice(end, i), make("mark", {}, node.data.slice(i, i + wanted.length)));
        end = i + wanted.length;
      }
      if (end > 0) node.replaceWith(...parts, node.data.slice(end));
    }
  };
  const go = (step) => {
    if (found.length === 0) return;
    for (const mark of text.querySelectorAll("mark.here")) mark.classList.remove("here");
    at = (at + step + found.length) % found.length;
    const line = found[at];
    for (const mark of line.querySelectorAll("mark")) mark.classList.add("here");
    line.scrollIntoView({ block: "center" });
    focused = line;
    if (pinned === null) reveal(line);
    hits.value = at + 1 + " of " + found.length + " lines";
  };
  let marked = [];
  query.addEventListener("input", () => {
    const wanted = query.value.toLowerCase();
    for (const i of marked) lines[i].querySelector("code").innerHTML = originals[i];
    marked = [];
    at = -1;
    if (wanted !== "")
      lines.forEach((line, i) => {
        const code = line.querySelector("code");
        if (!code.textContent.toLowerCase().includes(wanted)) return;
        highlight(code, wanted);
        marked.push(i);
      });
    found = marked.map((i) => lines[i]);
    hits.value = wanted === "" ? "" : found.length === 0 ? "nothing found" : found.length + " lines";
  });
  query.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") query.blur();
    event.stopPropagation();
  });

  // Legend ------------------------------------------------------------------------------------------------------------
  const legend = document.getElementById("legend");
  legend.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button === null) return;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    const chosen = new Set([...legend.querySelectorAll('[aria-pressed="true"]')].map((b) => "t" + b.dataset.t));
    for (const line of lines) {
      const isChosen = chosen.size === 0 || [line, ...line.querySelectorAll("code [data-o]")].some((e) => [...e.classList].some((c) => chosen.has(c)));
      line.classList.toggle("off", !isChosen);
    }
  });

  // Keyboard ----------------------------------------------------------------------------------------------------------
  const next = (step) => {
    let i = focused === null ? (step > 0 ? -1 : lines.length) : lines.indexOf(focused);
    do i += step;
    while (i >= 0 && i < lines.length && (lines[i].dataset.o === undefined || lines[i].textContent.trim() === String(i + 1)));
    return lines[i];
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, input, summary") !== null) return;
    const keys = {
      ArrowDown: () => focus(next(1)),
      ArrowUp: () => focus(next(-1)),
      j: () => focus(next(1)),
      k: () => focus(next(-1)),
      n: () => go(1),
      p: () => go(-1),
      "/": () => query.focus(),
      Enter: () => {
        if (focused === null) return;
        pin(pinned === focused ? null : focused);
        reveal(focused);
      },
      Escape: () => {
        pin(null);
        reveal(focused);
      },
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  // The text is one stop of the Tab key.
  text.tabIndex = 0;
  text.addEventListener("focus", () => focus(focused || next(1)));
  const linked = location.hash === "" ? null : document.getElementById(location.hash.slice(1));
  if (linked !== null && lines.includes(linked)) {
    focus(linked);
    pin(linked);
    reveal(linked);
  }
})();
`.trim();

/** @file How the page of `fgc pp --html` looks: light and dark, wide and narrow, on paper. Each template has a hue, `--h`. */
export const pageStyle = `
:root {
  --paper: #fff; --ink: #1b1f24; --dim: #656d76; --rule: #d8dee4; --raised: #f6f8fa; --focus: #0969da;
  --bar: 62% 48%; --tint: 70% 97%; --tint-strong: 75% 91%; --name: 65% 32%;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1117; --ink: #e6edf3; --dim: #8b949e; --rule: #30363d; --raised: #161b22; --focus: #58a6ff;
    --bar: 55% 58%; --tint: 35% 10%; --tint-strong: 40% 19%; --name: 65% 72%;
  }
}
* { box-sizing: border-box; }
html { scroll-padding: 6rem 0; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header { padding: 1.25rem 1.5rem .75rem; border-bottom: 1px solid var(--rule); }
h1 { margin: 0; font-size: 1.35rem; }
header p { margin: .1rem 0 .8rem; color: var(--dim); }
input { width: min(26rem, 100%); padding: .4rem .65rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; }
input:focus-visible, button:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
output { margin-left: .75rem; color: var(--dim); }
details { margin-top: .8rem; }
summary { cursor: pointer; color: var(--dim); font-size: .9rem; }
#legend { display: flex; flex-wrap: wrap; gap: .35rem; margin: .5rem 0 0; padding: 0; list-style: none; }
#legend button { padding: .1rem .55rem; font: .8rem var(--mono); color: hsl(var(--h) var(--name)); background: hsl(var(--h) var(--tint)); border: 1px solid hsl(var(--h) var(--bar) / .45); border-left: 4px solid hsl(var(--h) var(--bar)); border-radius: 4px; cursor: pointer; }
#legend button[aria-pressed="true"] { background: hsl(var(--h) var(--tint-strong)); border-color: hsl(var(--h) var(--bar)); }
#legend small { color: var(--dim); }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(20rem, 30rem); align-items: start; }
#text { margin: 0; padding: .75rem 0 40vh; list-style: none; font: 13px/1.55 var(--mono); min-width: 0; overflow-x: auto; border-right: 1px solid var(--rule); }
#text li { --row: var(--paper); display: grid; grid-template-columns: 3.6rem minmax(max-content, 1fr) auto; min-width: max-content; border-left: 4px solid hsl(var(--h, 0) var(--bar) / .85); background: var(--row); cursor: default; outline: none; }
#text li:not([data-o]) { border-left-color: transparent; }
#text li:hover { --row: hsl(var(--h, 0) var(--tint)); }
#text li:focus, #text li.on { --row: hsl(var(--h, 0) var(--tint-strong)); }
#text li.pin { box-shadow: inset 0 0 0 1px hsl(var(--h, 0) var(--bar)); }
#text li.off { opacity: .28; }
.n { padding-right: 1rem; text-align: right; color: var(--dim); user-select: none; }
code { white-space: pre; font: inherit; padding-right: 2rem; }
.c code { color: var(--dim); }
code .e { border-bottom: 1px dotted hsl(var(--h) var(--bar)); }
code span:hover { background: hsl(var(--h) var(--tint-strong)); }
.w { position: sticky; right: 0; padding: 0 1rem; color: hsl(var(--h, 0) var(--name)); background: linear-gradient(90deg, transparent, var(--row) .8rem); font-size: .85em; user-select: none; }
mark { color: inherit; background: hsl(48 95% 55% / .45); border-radius: 2px; }
mark.here { background: hsl(32 100% 50% / .75); }
#panel { position: sticky; top: 0; max-height: 100vh; overflow: auto; padding: 1rem 1.5rem 2rem; }
#panel h2 { margin: 0 0 .2rem; font: 600 1rem var(--mono); overflow-wrap: anywhere; }
#panel h3 { margin: 1.1rem 0 .3rem; font-size: .78rem; font-weight: 600; color: var(--dim); text-transform: uppercase; letter-spacing: .04em; }
#panel .hint, #panel .block { margin: 0; color: var(--dim); }
#panel pre { margin: .5rem 0 0; padding: .5rem 0; overflow-x: auto; font: 12px/1.55 var(--mono); background: var(--raised); border: 1px solid var(--rule); border-radius: 6px; }
#panel pre div { padding: 0 .75rem; min-width: max-content; }
#panel pre .it { background: hsl(var(--h) var(--tint-strong)); box-shadow: inset 3px 0 hsl(var(--h) var(--bar)); }
#panel pre i { display: inline-block; width: 2.6rem; margin-right: .9rem; text-align: right; font-style: normal; color: var(--dim); user-select: none; }
#panel ul { margin: 0; padding: 0; list-style: none; font-size: .88rem; }
#panel li { padding: .12rem 0; }
#panel b { display: block; margin-top: .35rem; font: 600 .95em var(--mono); overflow-wrap: anywhere; }
#panel li span { font-family: var(--mono); font-size: .92em; color: hsl(var(--h) var(--name)); overflow-wrap: anywhere; }
kbd { padding: 0 .3em; font: .85em var(--mono); border: 1px solid var(--rule); border-radius: 3px; background: var(--raised); }
@media (max-width: 60rem) {
  main { display: block; }
  #text { border-right: 0; padding-bottom: 55vh; }
  .w { display: none; }
  #panel { position: fixed; top: auto; inset: auto 0 0; max-height: 45vh; background: var(--raised); border-top: 1px solid var(--rule); }
}
@media print {
  @page { margin: 1.2cm; }
  :root { --paper: #fff; --ink: #000; --dim: #57606a; --rule: #d0d7de; --bar: 62% 48%; --tint: 70% 97%; --tint-strong: 75% 91%; --name: 65% 32%; }
  body { font-size: 9pt; background: #fff; color: #000; }
  form, details summary, #panel, #hits { display: none; }
  header { padding: 0 0 .5rem; }
  main { display: block; }
  #text { padding: .5rem 0 0; font-size: 7.5pt; border: 0; overflow: visible; }
  #text li { min-width: 0; grid-template-columns: 2.6rem minmax(0, 1fr) auto; break-inside: avoid; opacity: 1; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  code { white-space: pre-wrap; overflow-wrap: anywhere; }
  .w { display: inline; background: none; }
}
`.trim();

/** Colours follow the reader's system, light or dark. Level is told by word as well as by colour. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f6f8, #12151a);
  --card: light-dark(#ffffff, #1a1f26);
  --line: light-dark(#e1e5ea, #2b323c);
  --ink: light-dark(#1c2330, #e6eaf0);
  --soft: light-dark(#5c6675, #98a3b3);
  --open: light-dark(#157f4b, #3ecf8e);
  --slow: light-dark(#9a6200, #f0b429);
  --closed: light-dark(#c02a2a, #ff7b72);
  --water: light-dark(#2563c9, #6aa5ff);
}
* { box-sizing: border-box; margin: 0; }
body { background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; max-width: 1060px; margin: 0 auto; padding: 24px 20px 48px; }
header { display: flex; align-items: baseline; justify-content: space-between; gap: 16px; margin-bottom: 20px; }
h1 { font-size: 20px; letter-spacing: -0.01em; }
nav { display: flex; gap: 12px; align-items: baseline; }
a { color: var(--water); text-underline-offset: 3px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin-bottom: 20px; }
h2 { font-size: 17px; margin-bottom: 12px; }
h3 { font-size: 15px; margin-bottom: 8px; }
small { color: var(--soft); font-weight: 400; font-size: 13px; }
article { border-top: 1px solid var(--line); margin-top: 16px; padding-top: 14px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(104px, 21%), 1fr)); gap: 10px 12px; }
dt { color: var(--soft); font-size: 12px; }
dd { font-variant-numeric: tabular-nums; }
dl.big { grid-template-columns: repeat(auto-fill, minmax(min(120px, 27%), 1fr)); }
dl.big dd { font-size: 18px; font-weight: 600; }
dd.good { color: var(--open); }
dd.bad { color: var(--closed); }
.line { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: baseline; margin-bottom: 6px; }
.amount { margin-left: auto; white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums; }
.amount b { color: var(--ink); font-size: 17px; }
.why { color: var(--soft); overflow-wrap: anywhere; flex: 1 1 7em; }
.badge { border: 1px solid currentColor; border-radius: 99px; padding: 1px 9px; font-size: 12px; font-weight: 600; }
.badge.plain { color: var(--soft); }
[data-level] { --tone: var(--open); }
[data-level="slow"] { --tone: var(--slow); }
[data-level="closed"] { --tone: var(--closed); }
[data-level] > .line > .badge:first-child { color: var(--tone); }
.bar { display: block; width: 100%; height: 10px; border-radius: 5px; margin-bottom: 12px; }
.limit .bar { height: 5px; margin-bottom: 0; }
.limit { margin-top: 12px; font-size: 13px; }
.track { fill: var(--line); }
.fill { fill: var(--tone, var(--water)); }
.tick { fill: var(--soft); }
.gate, .note, #notice { border-radius: 6px; padding: 6px 10px; margin-bottom: 12px; font-size: 14px; overflow-wrap: anywhere; }
.gate, #notice { color: var(--closed); background: color-mix(in srgb, var(--closed) 11%, transparent); }
.note { color: var(--soft); background: var(--ground); margin: 10px 0 0; }
[hidden] { display: none; }
`;

import { html } from "hono/html";
import { fraction } from "./figures.ts";
import type { Markup } from "./markup.ts";

const WIDTH = 1000;
const HEIGHT = 10;

/**
 * A filled bar as SVG: its geometry stands in attributes, which the page's strict CSP lets through,
 * inline styles it would not.
 */
export function bar(part: number, whole: number, label: string, ticks: readonly number[] = []): Markup {
  const filled = Math.round(fraction(part, whole) * WIDTH);
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
    <rect class="track" width="${WIDTH}" height="${HEIGHT}"/>
    <rect class="fill" width="${filled}" height="${HEIGHT}"/>
    ${ticks.map((tick) => html`<rect class="tick" x="${Math.round(tick * WIDTH) - 1}" width="2" height="${HEIGHT}"/>`)}
  </svg>`;
}

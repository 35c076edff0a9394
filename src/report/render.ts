/**
 * The page of a report.
 *
 * @module
 */
import statusStyle from "../serve/status/page.css" with { type: "text" };
import { VERSION } from "../version.ts";
import { Drawing } from "./page/drawing.ts";
import { Markup, markup } from "./page/markup.ts";
import reportStyle from "./page/report.css" with { type: "text" };
import type { Section } from "./page/section.ts";
import { dataSection } from "./page/sections/data.ts";
import { diagnosisSection, normSection, planSection } from "./page/sections/embeddings.ts";
import { importanceSection, inspectionSection, sliceSection } from "./page/sections/fields.ts";
import { learningSection } from "./page/sections/learning.ts";
import { predictionSection } from "./page/sections/predictions.ts";
import { summarySection } from "./page/sections/summary.ts";
import type { Report } from "./parts.ts";

/** The page may load nothing and run nothing, whatever data it shows. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 4h12M2 8h12M2 " +
  "12h12M5 1v14M11 1v14' stroke='%234f6ef7' stroke-width='2' fill='none'/%3E%3C/svg%3E";

/**
 * Writes a report as one HTML file that needs nothing else: charts are drawn here, and the page runs no script. The same
 * report gives the same text.
 *
 * @param report what {@linkcode collectReport} gathered, or its JSON read back
 * @throws {Error} when the library that draws charts cannot be loaded
 */
export async function renderReport(report: Report): Promise<string> {
  const drawing = await Drawing.open();
  const sections = [
    summarySection(report),
    dataSection(report),
    learningSection(report, drawing),
    predictionSection(report, drawing),
    sliceSection(report, drawing),
    importanceSection(report, drawing),
    inspectionSection(report, drawing),
    normSection(report, drawing),
    diagnosisSection(report, drawing),
    planSection(report),
  ];
  return page(report, sections).text;
}

function page({ title, model }: Report, sections: readonly Section[]): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="${POLICY}">
<title>Weft: ${title}</title>
<link rel="icon" href="${ICON}">
<style>${new Markup(statusStyle)}${new Markup(reportStyle)}</style>
</head>
<body>
<header class="bar">
<div class="brand">
<svg viewBox="0 0 16 16" width="22" height="22" aria-hidden="true"><path d="M2 4h12M2 8h12M2 12h12M5 1v14M11 1v14" stroke="currentColor" stroke-width="1.6" fill="none"/></svg>
<h1>Weft</h1>
<span class="muted">${title === model.name ? title : `${title}, ${model.name}`}</span>
</div>
<nav aria-label="Sections">${sections.map(({ id, title }) => markup`<a href="#${id}">${title}</a>`)}</nav>
</header>
<main>
${
    sections.map(({ id, title, body }) =>
      markup`<section id="${id}"><h2>${title}</h2>
${body}</section>
`
    )
  }<footer class="muted">Weft ${VERSION}</footer>
</main>
</body>
</html>
`;
}

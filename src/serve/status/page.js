// The status page: asks the server for figures every other second, and shows them.
import { SHOWN } from "./chart.js";
import { find, formatCount, formatSpan, make } from "./format.js";
import { DRIFT_WORDS, redraw, showModel, showState } from "./panels.js";

/** @typedef {import("./panels.js").Level} Level */
/** @typedef {import("./chart.js").Columns} Columns */
/** @typedef {Record<string, any>} Json */

/** Milliseconds between two questions. */
const EVERY = 2000;
const TOKEN = "weft.token";
const WORDS = { green: "Healthy", amber: "Look here", red: "Drifts", unknown: "Serving" };

/** Seconds by model. @type {Map<string, Columns>} */
const history = new Map();
/** @type {string | undefined} */
let chosen;
/** @type {Json | undefined} */
let last;
/** Time of the last second that was read. */
let since = 0;

/** @param {Json} model */
const keyOf = ({ name, version }) => `${name} ${version}`;

/** @param {Json} status */
function remember({ models, columns }) {
  for (const model of models) {
    const key = keyOf(model);
    const known = history.get(key) ?? columns.map(() => []);
    for (const second of model.seconds) {
      since = Math.max(since, second[0]);
      if (second[0] <= (known[0].at(-1) ?? 0)) continue;
      known.forEach((/** @type {any[]} */ column, /** @type {number} */ i) => column.push(second[i]));
    }
    for (const column of known) column.splice(0, column.length - SHOWN);
    history.set(key, known);
  }
  const keys = new Set(models.map(keyOf));
  for (const key of history.keys()) if (!keys.has(key)) history.delete(key);
}

/** @param {Json} status */
function show(status) {
  last = status;
  const { models, level, stopping, version, time, started, log } = status;
  showState(find("state"), stopping ? "amber" : level === "unknown" ? "green" : level, stateOf(status));
  find("server").textContent = `${version}, up for ${formatSpan(time - started)}`;
  find("foot").textContent = log
    ? `Log: ${formatCount(log.written)} rows written, ${formatCount(log.waiting)} waiting, ${
      formatCount(log.dropped)
    } dropped.`
    : "Served rows are not logged.";
  if (!models.some((/** @type {Json} */ model) => keyOf(model) === chosen)) chosen = models[0] && keyOf(models[0]);
  showModels(models);
  const model = models.find((/** @type {Json} */ each) => keyOf(each) === chosen);
  if (model) showModel(model, status, history.get(keyOf(model)) ?? []);
}

/** @param {Json} status */
function stateOf({ stopping, models, level }) {
  if (stopping) return "Stopping";
  if (models.length === 0) return "No model";
  return WORDS[/** @type {Level} */ (level)];
}

/** @param {Json[]} models */
function showModels(models) {
  const place = find("models");
  const keys = models.map(keyOf);
  if ([...place.children].map((child) => child.getAttribute("data-key")).join("\n") !== keys.join("\n")) {
    place.replaceChildren(...models.map((model) => {
      const { name, version } = model;
      const key = keyOf(model);
      const button = make(
        "button",
        { type: "button", "data-key": key },
        make("i"),
        name,
        make("span", {}, `v${version}`),
      );
      button.addEventListener("click", () => {
        chosen = key;
        if (last) show(last);
      });
      return button;
    }));
  }
  models.forEach(({ drift, kind }, i) => {
    const button = /** @type {HTMLElement} */ (place.children[i]);
    button.dataset.level = drift.level;
    button.title = `${kind}, drift: ${DRIFT_WORDS[/** @type {Level} */ (drift.level)].toLowerCase()}`;
    button.setAttribute("aria-pressed", String(keys[i] === chosen));
  });
}

/** @param {string} text empty for none */
function showProblem(text) {
  find("problem").textContent = text;
  find("problem").hidden = text === "";
}

/** Asks once. */
async function ask() {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token === null ? undefined : { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(`/v1/status?since=${since}`, { headers });
    const isRefused = response.status === 401;
    find("login").hidden = !isRefused;
    find("board").hidden = isRefused;
    find("refused").hidden = !(isRefused && token !== null);
    if (isRefused) {
      showState(find("state"), "unknown", "Locked");
      return false;
    }
    if (!response.ok) throw new Error(`the server answered with status ${response.status}`);
    const status = await response.json();
    remember(status);
    show(status);
    showProblem("");
  } catch (error) {
    showState(find("state"), "red", "Unreachable");
    showProblem(`The figures are old: ${/** @type {Error} */ (error).message}.`);
  }
  return true;
}

/** Asks again and again, while the page is seen and no token is wanted. */
async function watch() {
  const goesOn = document.hidden || await ask();
  if (goesOn) setTimeout(watch, EVERY);
}

find("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, /** @type {HTMLInputElement} */ (find("token")).value.trim());
  watch();
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

watch();

// @ts-check
"use strict";
/*
 * Specifications of a claim: unpacked, filtered, summarised, written as CSV. No function here touches a page, so that
 * tests run all of them without one.
 */

/**
 * @typedef {{name: string, label: string, tag: string, why: string}} Option
 * @typedef {{name: string, question: string, headline: string, options: Option[]}} Decision
 * @typedef {{p: string, said: string, specifications: string}} Joint
 * @typedef {{claim: string, label: string, study: string, simulated: boolean, headline: string, rows: number,
 *   smallest: number, joint: Joint | null, decisions: Decision[], columns: Record<string, Packed>}} Source
 * @typedef {{levels: string[], codes: ArrayLike<number>}} Words
 * @typedef {{source: Source, rows: number, ids: string[], words: Record<string, Words>,
 *   numbers: Record<string, Float64Array>, order: Uint32Array, fitted: boolean[], home: number}} Table
 * @typedef {{key: string, title: string, rows: Uint32Array}} Question
 * @typedef {Record<string, string[]>} Chosen
 * @typedef {{count: number, failed: number, negative: number, below: number, above: number, median: number,
 *   low: number, high: number, powered: number}} Summary
 */

const Multiverse = (() => {
  const EQUIVALENT = "equivalent",
    UNCERTAIN = "uncertain",
    COVARIANCE = "vcov";

  /** Identifiers from the bytes that follow the claim's name in each.
   * @param {Packed} packed @param {Source} source @param {Opened} from @returns {string[]} */
  function identifiers({ width, data }, source, from) {
    const raw = from.take(data, width),
      made = new Array(source.rows);
    for (let i = 0; i < source.rows; i++) {
      let text = `${source.claim}.`;
      for (let j = 0; j < width; j++) text += raw[i * width + j].toString(16).padStart(2, "0");
      made[i] = text;
    }
    return made;
  }

  /** @param {Opened} from @returns {Table} */
  function unpacked(from) {
    const source = /** @type {Source} */ (from.head);
    /** @type {Table} */
    const table = {
      source,
      rows: source.rows,
      ids: [],
      words: {},
      numbers: {},
      order: new Uint32Array(0),
      fitted: [],
      home: -1,
    };
    for (const [name, packed] of Object.entries(source.columns)) {
      if (packed.kind === "hex") table.ids = identifiers(packed, source, from);
      else if (packed.kind === "words") {
        const levels = /** @type {string[]} */ (packed.levels);
        table.words[name] = { levels, codes: Packing.codes(packed, source.rows, from) };
      } else table.numbers[name] = Packing.numbers(packed, source.rows, from);
    }
    const { margin, ...given } = table.numbers,
      { estimate, mean_risk: mean, base_risk: base, std_error: error } = given;
    const made = (/** @type {(value: number, i: number) => number} */ of) => Float64Array.from(estimate, of);
    const share = made((value, i) => value / mean[i]);
    table.numbers = {
      ...given,
      conf_low: made((value, i) => value - margin[i]),
      conf_high: made((value, i) => value + margin[i]),
      smallest_effect: made((_, i) => source.smallest * base[i]),
      statistic: made((value, i) => value / error[i]),
      estimate_of_mean: share,
      mde_share: made((_, i) => given.mde[i] / base[i]),
    };
    const { levels: errors, codes: failures } = table.words.error,
      plain = source.decisions.map((d) => table.words[d.name]);
    const claimed = source.decisions.map((d) => table.words[d.name].levels.indexOf(d.headline));
    for (let row = 0; row < source.rows; row++) {
      table.fitted.push(errors[failures[row]] === "");
      if (plain.every((column, i) => column.codes[row] === claimed[i])) table.home = row;
    }
    // From the lowest estimate to the highest; what has none stands last.
    const key = share.map((value, i) => (fitted(table, i) ? value : Infinity));
    table.order = Uint32Array.from(key.keys()).sort(
      (a, b) => key[a] - key[b] || (table.ids[a] < table.ids[b] ? -1 : 1),
    );
    return table;
  }

  /** @param {Table} table @param {string} column @param {number} row @returns {string} */
  function word(table, column, row) {
    const { levels, codes: at } = table.words[column];
    return levels[at[row]];
  }

  /** @param {Table} table @param {number} row */
  function fitted(table, row) {
    return table.fitted[row];
  }

  /** What specifications answer: each question is of one estimand, and no summary is ever of two.
   * @param {Table} table @returns {Question[]} */
  function questions(table) {
    /** @type {Map<string, Question & {found: number[]}>} */
    const found = new Map();
    const add = (/** @type {string} */ key, /** @type {string} */ title, /** @type {number} */ row) => {
      if (!found.has(key)) found.set(key, { key, title, rows: new Uint32Array(0), found: [] });
      /** @type {{found: number[]}} */ (found.get(key)).found.push(row);
    };
    // A covariance changes no estimate: what is equivalent under the headline's is the same under another.
    const alike = table.source.decisions
      .filter((d) => d.name !== COVARIANCE)
      .map((d) => {
        const tagged = d.options.filter((o) => o.tag === EQUIVALENT).map((o) => o.name),
          { levels, codes: at } = table.words[d.name];
        return { at, take: levels.map((level) => tagged.includes(level)) };
      });
    for (const row of table.order) {
      const estimand = word(table, "estimand", row);
      if (alike.every(({ at, take }) => take[at[row]])) add(EQUIVALENT, "Equivalent to the headline", row);
      if (estimand === table.source.headline) add(UNCERTAIN, "With uncertain options, too", row);
      else add(estimand, estimand.replace(/=/g, ": ").replace(/_/g, " "), row);
    }
    const rank = (/** @type {Question} */ q) => (q.key === EQUIVALENT ? 0 : q.key === UNCERTAIN ? 1 : 2);
    return [...found.values()]
      .map(({ key, title, found: rows }) => ({ key, title, rows: Uint32Array.from(rows) }))
      .sort((a, b) => rank(a) - rank(b));
  }

  /** Rows whose options are among the chosen ones; a decision without a choice takes all of its options.
   * @param {Table} table @param {Uint32Array} rows @param {Chosen} chosen @returns {Uint32Array} */
  function filtered(table, rows, chosen) {
    const tests = Object.entries(chosen)
      .filter(([name]) => table.words[name])
      .map(([name, options]) => {
        const { levels, codes: at } = table.words[name];
        return { at, take: levels.map((level) => options.includes(level)) };
      });
    return rows.filter((row) => tests.every(({ at, take }) => take[at[row]]));
  }

  /** How many rows each option of each decision would show beside the options that others have, by code.
   * @param {Table} table @param {Uint32Array} rows @param {Chosen} chosen @returns {Record<string, number[]>} */
  function counted(table, rows, chosen) {
    const asked = Object.keys(chosen).filter((name) => table.words[name]);
    const takes = asked.map((name) => table.words[name].levels.map((level) => chosen[name].includes(level)));
    const columns = asked.map((name) => table.words[name].codes),
      names = table.source.decisions.map((d) => d.name);
    const found = names.map((name) => ({
      codes: table.words[name].codes,
      counts: table.words[name].levels.map(() => 0),
    }));
    const places = names.map((name) => asked.indexOf(name));
    for (const row of rows) {
      let failing = 0,
        which = -1;
      for (let i = 0; i < takes.length && failing < 2; i++) {
        if (!takes[i][columns[i][row]]) {
          failing++;
          which = i;
        }
      }
      if (failing > 1) continue;
      for (let i = 0; i < found.length; i++) {
        if (!failing || places[i] === which) found[i].counts[found[i].codes[row]]++;
      }
    }
    return Object.fromEntries(names.map((name, i) => [name, found[i].counts]));
  }

  /** @param {ArrayLike<number>} sorted @param {number} share */
  function quantile(sorted, share) {
    const at = (sorted.length - 1) * share,
      low = Math.floor(at),
      high = Math.ceil(at);
    return sorted.length ? sorted[low] + (sorted[high] - sorted[low]) * (at - low) : NaN;
  }

  /** What rows of one question say, by count; estimates as shares of mean risk.
   * @param {Table} table @param {Uint32Array} rows @returns {Summary} */
  function summary(table, rows) {
    const { estimate_of_mean: share, conf_low: low, conf_high: high } = table.numbers;
    const there = rows.filter((row) => fitted(table, row));
    const values = Float64Array.from(there, (row) => share[row]).sort();
    const number = (/** @type {(row: number) => boolean} */ test) =>
      there.reduce((n, row) => n + (test(row) ? 1 : 0), 0);
    return {
      count: there.length,
      failed: rows.length - there.length,
      negative: number((row) => share[row] < 0),
      below: number((row) => high[row] < 0),
      above: number((row) => low[row] > 0),
      median: quantile(values, 0.5),
      low: values.length ? values[0] : NaN,
      high: values.length ? values[values.length - 1] : NaN,
      powered: number((row) => word(table, "powered", row) === "true"),
    };
  }

  /** Counts of values in equal bins, by side: below zero, holding zero, above; what lies beyond is in the last bin.
   * @param {Table} table @param {Uint32Array} rows @param {[number, number]} ends @param {number} bins
   * @param {(row: number) => number} value @returns {number[][]} */
  function histogram(table, rows, [low, high], bins, value) {
    const made = Array.from({ length: bins }, () => [0, 0, 0]);
    for (const row of rows) {
      if (!fitted(table, row)) continue;
      const at = Math.floor(((value(row) - low) / (high - low)) * bins);
      made[Math.min(bins - 1, Math.max(0, at))][side(table, row)]++;
    }
    return made;
  }

  /** 0 where the interval lies below zero, 2 above, 1 where it holds zero. @param {Table} table @param {number} row */
  function side(table, row) {
    return table.numbers.conf_high[row] < 0 ? 0 : table.numbers.conf_low[row] > 0 ? 2 : 1;
  }

  /** Rows alike in every decision but the covariance. @param {Table} table @param {number} row @returns {number[]} */
  function underOthers(table, row) {
    const names = table.source.decisions.map((d) => d.name).filter((name) => name !== COVARIANCE);
    const found = [];
    for (let other = 0; other < table.rows; other++) {
      if (names.every((name) => table.words[name].codes[other] === table.words[name].codes[row])) found.push(other);
    }
    return found;
  }

  /** The options in which a row departs from the headline, as its name has them. @param {Table} table @param {number} row */
  function departures(table, row) {
    const apart = table.source.decisions.filter((d) => word(table, d.name, row) !== d.headline);
    return apart.map((d) => `${d.name}=${word(table, d.name, row)}`).join(", ") || table.source.headline;
  }

  /** @param {string} text */
  function quoted(text) {
    return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  }

  /** Rows as columns, named and ordered as in the file of all specifications, marked where the world is simulated.
   * @param {Table} table @param {Uint32Array} rows @returns {Column[]} */
  function columns(table, rows) {
    const decisions = table.source.decisions.map((d) => d.name);
    const rest = Object.keys(table.words).filter((name) => !decisions.includes(name));
    const words = (/** @type {string} */ name, /** @type {(row: number) => string} */ of) => ({
      name,
      values: Array.from(rows, of),
    });
    return [
      ...(table.source.simulated ? [words("world", () => "SIMULATED WORLD")] : []),
      words("spec_id", (row) => table.ids[row]),
      words("specification", (row) => departures(table, row)),
      words("claim", () => table.source.claim),
      ...[...decisions, ...rest].map((name) => words(name, (row) => word(table, name, row))),
      ...Object.entries(table.numbers).map(([name, all]) => ({
        name,
        values: Float64Array.from(rows, (row) => all[row]),
      })),
    ];
  }

  /** The same as CSV, with all digits. @param {Table} table @param {Uint32Array} rows @returns {string} */
  function csv(table, rows) {
    const found = columns(table, rows);
    const cells = found.map(({ values }) =>
      values instanceof Float64Array
        ? Array.from(values, (v) => (Number.isNaN(v) ? "" : String(v)))
        : values.map(quoted),
    );
    const lines = Array.from(rows, (_, i) => cells.map((column) => column[i]).join(","));
    return [found.map(({ name }) => name).join(","), ...lines, ""].join("\n");
  }

  return {
    COVARIANCE,
    EQUIVALENT,
    UNCERTAIN,
    columns,
    counted,
    csv,
    departures,
    filtered,
    fitted,
    histogram,
    quantile,
    questions,
    side,
    summary,
    underOthers,
    unpacked,
    word,
  };
})();

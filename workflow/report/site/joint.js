// @ts-check
"use strict";
/*
 * The joint test of a selection: how often drawn treatments give its specifications as large a median t as the data.
 *
 * Draws are kept to a thousandth of a t. A draw whose median lies within half of that of the observed median may be as
 * extreme or not: the p-value then has two ends. No function here touches a page, so that tests run all of them.
 */

/**
 * @typedef {{scheme: string, draws: number, per: number, tie: number, absent: number, place: Map<number, number>,
 *   observed: Float64Array, codes: Int16Array}} Drawn
 * @typedef {{low: number, high: number, specifications: number, draws: number, undefined: number}} Tested
 */

const Joint = (() => {
  /** Draws by specification, of each its differences from the one before. @param {Opened} from @returns {Drawn} */
  function unpacked(from) {
    const { scheme, draws, per, tie, absent, rows, observed, codes: packed } = from.head,
      codes = new Int16Array(from.take(packed.data, packed.width).buffer),
      specifications = codes.length / draws;
    for (let i = draws; i < codes.length; i++) codes[i] += codes[i - draws];
    const places = Packing.numbers(rows, specifications, from);
    return {
      scheme,
      draws,
      per,
      tie,
      absent,
      place: new Map(Array.from(places, (row, i) => [row, i])),
      observed: Packing.numbers(observed, specifications, from),
      codes,
    };
  }

  /** The median of the first values of an array. @param {Float64Array} values @param {number} count */
  function median(values, count) {
    const sorted = values.subarray(0, count).sort(),
      half = count >> 1;
    return count % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /** The test of those rows that were drawn; null where there is none of them, or no draw has a t.
   * @param {Drawn} drawn @param {ArrayLike<number>} rows @returns {Tested | null} */
  function test(drawn, rows) {
    const { draws, per, tie, absent, place, observed, codes } = drawn;
    const places = Array.from(rows, (row) => place.get(row)).filter((at) => at !== undefined);
    if (!places.length) return null;
    const values = new Float64Array(places.length);
    places.forEach((at, i) => (values[i] = observed[at]));
    const found = Math.abs(median(values, places.length)) * (1 - tie),
      half = 0.5 / per;
    let there = 0,
      sure = 0,
      unsure = 0;
    for (let draw = 0; draw < draws; draw++) {
      let count = 0;
      for (const at of places) {
        const code = codes[at * draws + draw];
        if (code !== absent) values[count++] = code / per;
      }
      if (!count) continue;
      there++;
      const size = Math.abs(median(values, count));
      if (size - half >= found) sure++;
      else if (size + half >= found) unsure++;
    }
    if (!there) return null;
    const p = (/** @type {number} */ beyond) => (1 + beyond) / (1 + there);
    return {
      low: p(sure),
      high: p(sure + unsure),
      specifications: places.length,
      draws,
      undefined: draws - there,
    };
  }

  return { test, unpacked };
})();

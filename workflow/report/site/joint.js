// @ts-check
"use strict";
/*
 * The joint test of a selection: how often drawn treatments give its specifications as large a median t as the data.
 *
 * Draws are kept to a thousandth of a t. A draw whose median lies within half of that of the observed median may be as
 * extreme or not: the p-value then has two ends. No function but `load` touches a page, so that tests run all others.
 */

/**
 * @typedef {{claim: string, scheme: string, draws: number, per: number, tie: number, absent: number, rows: Packed,
 *   observed: Packed, data: string}} DrawnSource
 * @typedef {{scheme: string, draws: number, per: number, tie: number, absent: number, place: Map<number, number>,
 *   observed: Float64Array, codes: Int16Array}} Drawn
 * @typedef {{low: number, high: number, specifications: number, draws: number, undefined: number}} Tested
 */

const Joint = (() => {
  /** What deflated bytes hold. @param {Uint8Array} packed @returns {Promise<Uint8Array>} */
  async function inflated(packed) {
    const stream = new Blob([/** @type {any} */ (packed)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /** Draws by specification, of each its differences from the one before: low bytes of all, then high ones.
   * @param {DrawnSource} source @param {Uint8Array} planes @returns {Drawn} */
  function unpacked(source, planes) {
    const { scheme, draws, per, tie, absent } = source,
      size = planes.length / 2,
      specifications = size / draws;
    const codes = new Int16Array(size);
    for (let i = 0; i < size; i++) {
      const step = planes[i] | (planes[size + i] << 8);
      codes[i] = i < draws ? step : codes[i - draws] + step;
    }
    const rows = Multiverse.numbers(source.rows, specifications),
      observed = Multiverse.numbers(source.observed, specifications);
    return { scheme, draws, per, tie, absent, place: new Map(Array.from(rows, (row, i) => [row, i])), observed, codes };
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

  return { inflated, test, unpacked };
})();

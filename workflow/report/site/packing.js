// @ts-check
"use strict";
/* Files of data: what they say of themselves, and columns of bytes, deflated; no function here touches a page. */

/**
 * @typedef {[number, number]} Room the first byte and how many there are
 * @typedef {{kind: "words" | "real" | "whole" | "hex", levels?: string[] | Room, width: number, data: Room}} Packed
 * @typedef {{head: any, take: (room: Room, width: number) => Uint8Array}} Opened
 */

const Packing = (() => {
  /** @param {string} text @returns {Uint8Array} */
  function bytes(text) {
    const raw = atob(text),
      made = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) made[i] = raw.charCodeAt(i);
    return made;
  }

  /** What a file of data holds; fails where the browser cannot inflate. @param {string} text @returns {Promise<Opened>} */
  async function opened(text) {
    const packed = /** @type {any} */ (bytes(text));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const whole = new Uint8Array(await new Response(stream).arrayBuffer()),
      begins = 4 + new DataView(whole.buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(whole.subarray(4, begins)));
    /** Values of so many bytes, whose first bytes stand together, then second ones, and so on.
     * @param {Room} room @param {number} width */
    const take = ([at, size], width) => {
      const first = begins + at;
      if (width < 2) return whole.slice(first, first + size);
      const count = size / width,
        made = new Uint8Array(size);
      for (let j = 0; j < width; j++) {
        const plane = first + j * count;
        for (let i = 0; i < count; i++) made[i * width + j] = whole[plane + i];
      }
      return made;
    };
    return { head, take };
  }

  /** Codes of a column; all 0 where it has one level. @param {Packed} column @param {number} rows @param {Opened} from
   * @returns {ArrayLike<number>} */
  function codes({ width, data }, rows, from) {
    if (!width) return new Uint8Array(rows);
    const raw = from.take(data, width);
    return width === 1 ? raw : new Uint16Array(raw.buffer);
  }

  /** @param {Packed} column @param {number} rows @param {Opened} from @returns {Float64Array} */
  function numbers(column, rows, from) {
    const wide = column.kind === "real" ? 8 : 4;
    const read = (/** @type {Room} */ room) => {
      const { buffer } = from.take(room, wide);
      return wide === 8 ? new Float64Array(buffer) : new Int32Array(buffer);
    };
    if (column.levels === undefined) return Float64Array.from(read(column.data));
    const levels = read(/** @type {Room} */ (column.levels)),
      at = codes(column, rows, from),
      made = new Float64Array(rows);
    for (let i = 0; i < rows; i++) made[i] = levels[at[i]];
    return made;
  }

  return { codes, numbers, opened };
})();

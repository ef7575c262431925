// @ts-check
"use strict";
/*
 * Tables as Apache Parquet (format version 1): one row group, a page a column, plain encoding, nothing compressed. What
 * describes the file is written in Thrift's compact protocol, field by field as parquet.thrift numbers them.
 */

/** @typedef {{name: string, values: Float64Array | string[]}} Column */
/** @typedef {[number, "int" | "long" | "text" | "list" | "struct", any]} Field */

const Parquet = (() => {
  const MAGIC = "PAR1",
    DOUBLE = 5,
    BYTES = 6,
    REQUIRED = 0,
    UTF8 = 0,
    PLAIN = 0,
    RLE = 3,
    PLAINLY = 0;
  const KINDS = { int: 5, long: 6, text: 8, list: 9, struct: 12 };
  const encoder = new TextEncoder();

  /** A whole number from 0 in as many bytes as it needs, seven bits in each. @param {number} value @returns {number[]} */
  function varint(value) {
    const made = [];
    for (; value > 127; value = Math.floor(value / 128)) made.push((value % 128) | 128);
    return [...made, value];
  }

  /** @param {string} text @returns {number[]} */
  function text(text) {
    const raw = encoder.encode(text);
    return [...varint(raw.length), ...raw];
  }

  /** @param {"int" | "long" | "text" | "list" | "struct"} kind @param {any} value @returns {number[]} */
  function value(kind, value) {
    // Signs alternate: no number here is negative.
    if (kind === "int" || kind === "long") return varint(2 * value);
    if (kind === "text") return text(value);
    if (kind === "struct") return struct(value);
    const { of, items } = value,
      head =
        items.length < 15
          ? [(items.length << 4) | KINDS[/** @type {"int"} */ (of)]]
          : [0xf0 | KINDS[/** @type {"int"} */ (of)], ...varint(items.length)];
    return [...head, ...items.flatMap((/** @type {any} */ item) => valueOf(of, item))];
  }
  const valueOf = value;

  /** @param {Field[]} fields in the order of their numbers @returns {number[]} */
  function struct(fields) {
    let last = 0;
    const made = fields.flatMap(([id, kind, content]) => {
      const head = ((id - last) << 4) | KINDS[kind];
      last = id;
      return [head, ...value(kind, content)];
    });
    return [...made, 0];
  }

  /** Values one after the other: doubles as they are, words after their length. @param {Column} column @returns {Uint8Array} */
  function plain({ values }) {
    if (values instanceof Float64Array) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const raw = values.map((word) => encoder.encode(word));
    const made = new Uint8Array(raw.reduce((n, word) => n + 4 + word.length, 0)),
      view = new DataView(made.buffer);
    let at = 0;
    for (const word of raw) {
      view.setUint32(at, word.length, true);
      made.set(word, at + 4);
      at += 4 + word.length;
    }
    return made;
  }

  /** @param {Column} column */
  function type({ values }) {
    return values instanceof Float64Array ? DOUBLE : BYTES;
  }

  /** The file of a table whose columns are all of one length. @param {Column[]} columns @returns {Uint8Array[]} */
  function written(columns) {
    const rows = columns[0].values.length,
      parts = /** @type {Uint8Array[]} */ ([encoder.encode(MAGIC)]);
    let at = MAGIC.length;
    const chunks = columns.map((column) => {
      const content = plain(column),
        begins = at;
      const page = [
        [1, "int", rows],
        [2, "int", PLAIN],
        [3, "int", RLE],
        [4, "int", RLE],
      ];
      const head = Uint8Array.from(
        struct([
          [1, "int", 0],
          [2, "int", content.length],
          [3, "int", content.length],
          [5, "struct", page],
        ]),
      );
      parts.push(head, content);
      at += head.length + content.length;
      /** @type {Field[]} */
      const about = [
        [1, "int", type(column)],
        [2, "list", { of: "int", items: [PLAIN] }],
        [3, "list", { of: "text", items: [column.name] }],
        [4, "int", PLAINLY],
        [5, "long", rows],
        [6, "long", at - begins],
        [7, "long", at - begins],
        [9, "long", begins],
      ];
      return [
        [2, "long", begins],
        [3, "struct", about],
      ];
    });
    const root = [
      [4, "text", "schema"],
      [5, "int", columns.length],
    ];
    const schema = columns.map((column) => {
      const said = [
        [1, "int", type(column)],
        [3, "int", REQUIRED],
        [4, "text", column.name],
      ];
      return type(column) === BYTES ? [...said, [6, "int", UTF8]] : said;
    });
    const group = [
      [1, "list", { of: "struct", items: chunks }],
      [2, "long", at - MAGIC.length],
      [3, "long", rows],
    ];
    const foot = Uint8Array.from(
      struct([
        [1, "int", 1],
        [2, "list", { of: "struct", items: [root, ...schema] }],
        [3, "long", rows],
        [4, "list", { of: "struct", items: [group] }],
        [6, "text", "detente"],
      ]),
    );
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, foot.length, true);
    return [...parts, foot, size, encoder.encode(MAGIC)];
  }

  return { written };
})();

// @ts-check
"use strict";
/* Elements of a page, numbers as the paper prints them, and what is kept in the address. */

/** @typedef {Record<string, string | boolean | ((event: any) => void)>} Attributes */

const Elements = (() => {
  /**
   * An element with attributes, listeners (functions) and children.
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} tag @param {Attributes} attributes @param {...(Node | string)} children
   * @returns {HTMLElementTagNameMap[K]}
   */
  function h(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(name, value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  /** With fixed digits, thousands separated, a true minus sign and no negative zero.
   * @param {number} value @param {number} digits */
  function decimal(value, digits) {
    if (!Number.isFinite(value)) return "–";
    const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    const text = Math.abs(value).toLocaleString("en-GB", fixed);
    return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
  }

  /** @param {number} value */
  function count(value) {
    return decimal(value, 0);
  }

  /** @param {number} value @param {number} digits */
  function percent(value, digits = 0) {
    return Number.isFinite(value) ? `${decimal(100 * value, digits)}%` : "–";
  }

  /** @param {number} p */
  function pValue(p) {
    return p < 0.001 ? "<0.001" : decimal(p, 3);
  }

  /** @param {string} name */
  function words(name) {
    return name.replace(/_/g, " ");
  }

  /** @type {Map<string, string>} */
  const styles = new Map();
  document.addEventListener("theme", () => styles.clear());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => styles.clear());

  /** A colour or typeface of the style sheet, kept until the theme changes. @param {string} name */
  function style(name) {
    const found = styles.get(name) ?? getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    styles.set(name, found);
    return found;
  }

  /** A state as the part of an address after #. @param {Record<string, string>} state */
  function written(state) {
    const one = (/** @type {[string, string]} */ [key, value]) =>
      `${key}=${encodeURIComponent(value).replace(/%2C/g, ",")}`;
    return Object.entries(state)
      .filter(([, value]) => value !== "")
      .map(one)
      .join("&");
  }

  /** @param {string} hash @returns {Record<string, string>} */
  function read(hash) {
    /** @type {Record<string, string>} */
    const state = {};
    for (const part of hash.replace(/^#/, "").split("&")) {
      const at = part.indexOf("=");
      if (at < 1) continue;
      try {
        state[part.slice(0, at)] = decodeURIComponent(part.slice(at + 1));
      } catch {
        // An address that was cut short within a letter.
      }
    }
    return state;
  }

  /** Put a state into the address, without a step of the history. @param {Record<string, string>} state */
  function remember(state) {
    const hash = written(state);
    history.replaceState(null, "", hash ? `#${hash}` : location.href.replace(/#.*/, ""));
  }

  /** Have the browser save parts, one after the other, as a file. @param {any[]} parts @param {string} name */
  function save(parts, name) {
    const address = URL.createObjectURL(new Blob(parts));
    h("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  return { count, decimal, h, pValue, percent, read, remember, save, style, words, written };
})();

// Texts and numbers in the language of the page. A page in English has no table of texts.

window.gettext = (text, values = {}) =>
  (window.inklingTexts?.[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)

// `options` are those of Intl.NumberFormat.
window.format_number = (number, options) => number.toLocaleString(document.documentElement.lang, options)

// A share between 0 and 1, with one decimal by default; English has a space before the sign here.
window.format_percent = (share, digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 }) => {
  const text = format_number(share, { style: "percent", ...digits })
  return document.documentElement.lang === "en" ? text.replace("%", " %") : text
}

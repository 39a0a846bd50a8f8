// Texts and numbers in the language of the page. A page in English has no table of texts.

window.gettext = (text, values = {}) =>
  (window.inklingTexts?.[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)

// Marks a text that is translated where it is shown.
window.gettext_noop = (text) => text

// `options` are those of Intl.NumberFormat.
window.format_number = (number, options) => {
  const { lang } = document.documentElement
  if (lang !== "es") return number.toLocaleString(lang, options)
  // As the Academy has it, and `numbers.py`; browsers group with points, from 10,000 on.
  const text = number.toLocaleString(lang, { useGrouping: "always", ...options })
  return text.replaceAll(".", "\u202f")
}

// A share between 0 and 1, with one decimal by default; English has a space before the sign here.
window.format_percent = (share, digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 }) => {
  const text = format_number(share, { style: "percent", ...digits })
  return document.documentElement.lang === "en" ? text.replace("%", " %") : text
}

// How many years at school a text asks for, after Flesch and Kincaid. Names and abbreviations count like all other words.

/** The grade of a text in lines; a line that ends without a full stop ends a sentence all the same. */
export function readingGrade(lines) {
  const sentences = lines.flatMap((line) => line.split(/(?<=[.!?:])["”’)]*\s+/)).map(wordsOf).filter((words) => words.length > 0);
  const words = sentences.flat();
  const syllables = words.reduce((sum, word) => sum + syllablesOf(word), 0);
  return 0.39 * (words.length / sentences.length) + 11.8 * (syllables / words.length) - 15.59;
}

/** Running text: headings, labels and other short lines would only make a page look simpler than it is. */
export function runningText(text) {
  return text.split("\n").map((line) => line.trim()).filter((line) => wordsOf(line).length >= 5);
}

function wordsOf(text) {
  return text.match(/[A-Za-z][A-Za-z0-9’'@._-]*/g) ?? [];
}

function syllablesOf(word) {
  // An abbreviation is spelt out: G-S-I-B. TechPass, SEED and LiteMail are spoken.
  if (/^[A-Z]{2,4}$/.test(word) && !["SEED", "PIN"].includes(word)) return word.length;
  return word
    .split(/[^A-Za-z]+/)
    .filter(Boolean)
    .reduce((sum, part) => sum + Math.max(1, groupsOfVowels(part.toLowerCase())), 0);
}

function groupsOfVowels(word) {
  const spoken = word
    .replace(/(?:[^laeiouy]es|[^aeiouydt]ed|[^laeiouy]e)$/, "")
    .replace(/^y/, "");
  return (spoken.match(/[aeiouy]{1,2}/g) ?? []).length;
}

/** Whether `text` fits a pattern of OpenSSH, where * is any run of characters and ? is any one (match.c). */
export function matchesPattern(text: string, pattern: string): boolean {
  let at = 0;
  let seen = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = pattern[seen];
    if (wanted === '*') {
      star = seen;
      seen += 1;
      resume = at;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[at])) {
      seen += 1;
      at += 1;
    } else if (star >= 0) {
      // Let the last star take one character more.
      seen = star + 1;
      resume += 1;
      at = resume;
    } else return false;
  }
  while (pattern[seen] === '*') seen += 1;
  return seen === pattern.length;
}

/** The longest pattern that OpenSSH takes in a list; longer ones match nothing (match.c). */
const MAX_PATTERN = 1022;

/** Whether one of `patterns` fits and none that begins with ! does. */
export function matchesPatterns(text: string, patterns: readonly string[]): boolean {
  let found = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matchesPattern(text, negated ? pattern.slice(1) : pattern)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

/** As matchesPatterns, for a list separated by commas. */
export function matchesPatternList(text: string, list: string): boolean {
  const patterns = list.split(',');
  // OpenSSH stops at a pattern that is too long: nothing is matched then.
  return patterns.every((pattern) => pattern.length <= MAX_PATTERN) && matchesPatterns(text, patterns);
}

/** A list of host name patterns: upper and lower case are the same. */
export function matchesHostList(host: string, list: string): boolean {
  return matchesPatternList(host.toLowerCase(), list.toLowerCase());
}

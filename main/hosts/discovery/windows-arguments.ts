/**
 * Splits a Windows command line as CommandLineToArgvW does: the program's name ends at the next quote or
 * white space, whatever backslashes it holds; then 2n backslashes before a quote are n backslashes and the
 * quote counts, 2n+1 are n and a plain quote, and inside quotes a doubled quote is a plain one that also ends
 * them. Source: Microsoft's documentation of CommandLineToArgvW.
 */
export function splitWindowsCommandLine(line: string): string[] {
  if (line === '') return [];
  const [program, start] = readProgram(line);
  const args = [program];
  let at = skipSpace(line, start);
  while (at < line.length) {
    const [arg, end] = readArgument(line, at);
    args.push(arg);
    at = skipSpace(line, end);
  }
  return args;
}

const isSpace = (char: string | undefined): boolean => char === ' ' || char === '\t';

function skipSpace(line: string, from: number): number {
  let at = from;
  while (isSpace(line[at])) at += 1;
  return at;
}

function readProgram(line: string): [program: string, end: number] {
  if (line[0] === '"') {
    const close = line.indexOf('"', 1);
    return close === -1 ? [line.slice(1), line.length] : [line.slice(1, close), close + 1];
  }
  let end = 0;
  while (end < line.length && !isSpace(line[end])) end += 1;
  return [line.slice(0, end), end];
}

function readArgument(line: string, from: number): [arg: string, end: number] {
  let arg = '';
  let quoted = false;
  let at = from;
  while (at < line.length && (quoted || !isSpace(line[at]))) {
    let backslashes = 0;
    while (line[at] === '\\') {
      backslashes += 1;
      at += 1;
    }
    if (line[at] !== '"') {
      arg += '\\'.repeat(backslashes);
      if (at < line.length && (quoted || !isSpace(line[at]))) {
        arg += line.charAt(at);
        at += 1;
      }
      continue;
    }
    arg += '\\'.repeat(Math.floor(backslashes / 2));
    if (backslashes % 2 === 1) {
      arg += '"';
      at += 1;
    } else if (quoted && line[at + 1] === '"') {
      arg += '"';
      quoted = false;
      at += 2;
    } else {
      quoted = !quoted;
      at += 1;
    }
  }
  return [arg, at];
}

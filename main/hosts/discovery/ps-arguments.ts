import { optionArity } from './option-table';
import { isQemuProgram } from './program-names';

export interface PsCommand {
  /** The program as it was called; may be a bare name. */
  program: string;
  args: string[];
  /** Whether there was no other sensible way to split it. */
  unambiguous: boolean;
}

/** UTM starts QEMU through a helper whose first argument is the emulator in its framework. */
const UTM_EMULATOR = /^qemu-[\w]+-softmmu$/;

/**
 * Splits a command as `ps` prints it, its arguments joined by single spaces, into QEMU's program and
 * arguments; null when it is no QEMU. A space may be part of an argument (`/Users/me/My VMs/a.qcow2`), so
 * QEMU's option table decides: words after an option's value belong to the value, up to the next word that is
 * an option.
 */
export function splitPsCommand(command: string): PsCommand | null {
  const words = command.split(' ');
  const programEnd = findProgramEnd(words);
  if (programEnd === null) return null;
  const args: string[] = [];
  let unambiguous = !words.includes('');
  for (let at = programEnd.end; at < words.length;) {
    const word = words[at] ?? '';
    at += 1;
    if (!word.startsWith('-')) {
      // A disk image's name, or, with spaces, one or several.
      const end = nextOption(words, at);
      args.push(words.slice(at - 1, end).join(' '));
      if (end > at) unambiguous = false;
      at = end;
      continue;
    }
    args.push(word);
    const arity = optionArity(nameOf(word));
    if (arity === 'flag' || at === words.length) continue;
    if (arity === 'unknown' && words[at]?.startsWith('-')) continue;
    const end = nextOption(words, at + 1);
    args.push(words.slice(at, end).join(' '));
    // A kernel command line is free text: what looks like a further option may be part of it.
    if (end > at + 1 || arity === 'unknown' || nameOf(word) === 'append') unambiguous = false;
    at = end;
  }
  return { program: programEnd.program, args, unambiguous };
}

const nameOf = (word: string): string => word.replace(/^--?/, '');
const isOption = (word: string): boolean => word.startsWith('-') && optionArity(nameOf(word)) !== 'unknown';

function nextOption(words: readonly string[], from: number): number {
  let at = from;
  while (at < words.length && !isOption(words[at] ?? '')) at += 1;
  return at;
}

/**
 * The program is the first word, or the first few when they are one path with spaces (`/Users/me/My
 * Apps/qemu-kvm`).
 */
function findProgramEnd(words: readonly string[]): { program: string; end: number } | null {
  let launched = false;
  let start = 0;
  for (let at = 0; at < words.length && !isOption(words[at] ?? ''); at += 1) {
    const word = words[at] ?? '';
    const name = word.slice(word.lastIndexOf('/') + 1);
    if (at > start && (!words[start]?.startsWith('/') || word.startsWith('/'))) return null;
    if (name === 'QEMULauncher') {
      launched = true;
      start = at + 1;
    } else if (
      (isQemuProgram(name) || (launched && UTM_EMULATOR.test(name))) &&
      (at === start || word.includes('/'))
    ) {
      return { program: words.slice(start, at + 1).join(' '), end: at + 1 };
    }
  }
  return null;
}

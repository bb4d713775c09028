import { focusPage, isSeen } from './focus';

/** What keeps the focus to itself, and gives it back when it goes. */
const layers = '[role="dialog"], [role="alertdialog"], [role="menu"]';
/** What the focus can go to; of a row it is the row. */
const stops = '[data-row], :is(a[href], button, input, select, textarea, [tabindex="0"]):not([tabindex="-1"])';

/**
 * When what has the focus goes away (its guest is gone, it was dismissed, it can't be done any more), the browser drops
 * the focus. It is given to what is now in its place: the row, the next control of its part of the window, the next of
 * its kind; where nothing is left of that, to the page.
 * @returns ends it
 */
export function keepFocus(): () => void {
  let held: HTMLElement | null = null;
  const entered = ({ target }: FocusEvent) => {
    held = target instanceof HTMLElement && target.closest(layers) === null ? target : null;
  };
  /** Who presses elsewhere wants it nowhere. */
  const pressed = ({ target }: PointerEvent) => {
    if (!(target instanceof Node) || held?.contains(target) !== true) held = null;
  };
  const removed = new MutationObserver((records) => {
    if (held === null || document.activeElement !== document.body) return;
    if (held.isConnected) held.focus();
    else (inPlaceOf(held, records) ?? focusPage)();
  });
  removed.observe(document.body, { childList: true, subtree: true });
  document.addEventListener('focusin', entered);
  document.addEventListener('pointerdown', pressed);
  return () => {
    removed.disconnect();
    document.removeEventListener('focusin', entered);
    document.removeEventListener('pointerdown', pressed);
  };
}

interface Place {
  /** What is still there around it. */
  around: Element;
  /** What came next in that. */
  next: Node | null;
  /** Something came before. */
  isLater: boolean;
}

function placeOf(element: Node, records: readonly MutationRecord[]): Place | null {
  const removal = [...records].reverse().find(({ removedNodes }) => [...removedNodes].some((node) => node.contains(element)));
  if (removal === undefined || !(removal.target instanceof Element)) return null;
  const { target: around, nextSibling: next, previousSibling } = removal;
  return around.isConnected ? { around, next, isLater: previousSibling !== null } : placeOf(around, records);
}

function inPlaceOf(element: HTMLElement, records: readonly MutationRecord[]): (() => void) | null {
  const place = placeOf(element, records);
  if (place === null) return null;
  const { around, next, isLater } = place;
  for (let part: Element | null = around; part !== null && part.matches(':not(main, body)'); part = part.parentElement) {
    const found = [...part.querySelectorAll<HTMLElement>(stops)].filter(isSeen);
    const stop = found.find((one) => next !== null && isFrom(next, one)) ?? (isLater ? found.at(-1) : found[0]);
    if (stop !== undefined) return () => (stop.closest<HTMLElement>('[data-row]') ?? stop).focus();
  }
  return null;
}

/** Whether an element is in `next`, or after it. */
const isFrom = (next: Node, element: Element): boolean =>
  next.isConnected &&
  (next.contains(element) || (next.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0);

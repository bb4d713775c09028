import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';

const rowSelector = '[data-row]';

/**
 * When the focused row goes away (its guest is gone), or the focused button of a row does (its action can't be done
 * any more), the browser drops the focus. It is given to the row, or to the row now in its place.
 */
export function useKeepFocus(): RefObject<HTMLDivElement | null> {
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = grid.current;
    if (element === null) return;
    let held: { row: HTMLElement; index: number } | null = null;
    const rows = () => [...element.querySelectorAll<HTMLElement>(rowSelector)];

    const entered = (event: FocusEvent) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>(rowSelector) : null;
      held = row === null ? null : { row, index: rows().indexOf(row) };
    };
    const left = (event: FocusEvent) => {
      if (event.relatedTarget !== null) held = null;
    };
    const clickedElsewhere = (event: PointerEvent) => {
      if (event.target instanceof Node && !element.contains(event.target)) held = null;
    };
    const restore = () => {
      if (held === null || document.activeElement !== document.body) return;
      const now = rows();
      const row = held.row.isConnected ? held.row : now[Math.min(held.index, now.length - 1)];
      row?.focus();
    };
    const removed = new MutationObserver(restore);
    removed.observe(element, { childList: true, subtree: true });
    element.addEventListener('focusin', entered);
    element.addEventListener('focusout', left);
    document.addEventListener('pointerdown', clickedElsewhere);
    return () => {
      removed.disconnect();
      element.removeEventListener('focusin', entered);
      element.removeEventListener('focusout', left);
      document.removeEventListener('pointerdown', clickedElsewhere);
    };
  }, []);
  return grid;
}

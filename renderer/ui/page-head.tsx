import type { ReactNode } from 'react';
import { useEffect, useRef } from 'react';

/** The head of a page that is not the list. It takes the focus when the page came by a key or a command, which lost it. */
export function PageHead({ title, children }: { title: string; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) heading.current?.focus();
  }, []);
  return (
    <header className="page-head">
      <h2 ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </header>
  );
}

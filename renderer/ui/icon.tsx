import type { ReactNode } from 'react';

/** Drawn on a 16 by 16 grid, in the colour of the text around it. */
const paths = {
  running: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M6.9 5.9v4.2L10.3 8z" fill="currentColor" strokeLinejoin="round" />
    </>
  ),
  moon: <path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z" />,
  'moon-disk': (
    <>
      <path d="M12.9 7.1A4.7 4.7 0 0 1 7.2 1.9a4.7 4.7 0 1 0 5.7 5.2z" />
      <path d="M3 14h10" />
    </>
  ),
  snowflake: (
    <path d="M8 1.75v12.5M2.6 4.9l10.8 6.2M13.4 4.9 2.6 11.1M6.2 2.9 8 4.4l1.8-1.5M6.2 13.1 8 11.6l1.8 1.5M2.9 7.2l2.2-.9-.4-2.3M13.1 8.8l-2.2.9.4 2.3M13.1 7.2l-2.2-.9.4-2.3M2.9 8.8l2.2.9-.4 2.3" />
  ),
  sun: (
    <>
      <circle cx="8" cy="8" r="2.9" />
      <path d="M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1" />
    </>
  ),
  pause: <path d="M5.25 3.25v9.5M10.75 3.25v9.5" strokeWidth="2.25" />,
  play: <path d="M5 3.1v9.8L12.6 8z" strokeLinejoin="round" />,
  save: (
    <>
      <path d="M2.75 3.75h10.5v3h-10.5zM3.75 6.75v5.5h8.5v-5.5" />
      <path d="M6.5 9.25h3" />
    </>
  ),
  power: <path d="M8 2v5.25M4.6 4.2a5.25 5.25 0 1 0 6.8 0" />,
  plug: <path d="M6 1.9v3M10 1.9v3M4.25 4.9h7.5v2.6a3.75 3.75 0 0 1-7.5 0zM8 11.3v2.8" />,
  restart: <path d="M13.25 8A5.25 5.25 0 1 1 11.4 4M13.4 2v3h-3" />,
  reset: <path d="M2.75 8A5.25 5.25 0 1 0 4.6 4M2.6 2v3h3M8 5.4v3.1" />,
  crash: (
    <>
      <path d="M8 2.2 14.4 13.3H1.6z" strokeLinejoin="round" />
      <path d="M8 6.4v3.2M8 11.35v.1" />
    </>
  ),
  unknown: (
    <>
      <circle cx="8" cy="8" r="5.75" strokeDasharray="2.4 2.1" />
      <path d="M6.5 6.5a1.55 1.55 0 1 1 2.2 1.4c-.45.2-.7.5-.7 1v.1M8 10.9v.1" />
    </>
  ),
  bell: (
    <path d="M3.25 11.25h9.5c-.9-.9-1.3-2-1.3-4a3.45 3.45 0 0 0-6.9 0c0 2-.4 3.1-1.3 4zM6.75 13.6c.7.55 1.8.55 2.5 0" />
  ),
  'bell-off': (
    <path d="M5.1 4.4a3.4 3.4 0 0 0-.55 2.85c0 2-.4 3.1-1.3 4h8.4M11.5 8.6c-.04-.4-.05-.9-.05-1.35A3.45 3.45 0 0 0 7 3.95M6.75 13.6c.7.55 1.8.55 2.5 0M2.25 2.25l11.5 11.5" />
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M8 4.75V8l2.2 1.5" />
    </>
  ),
  bolt: <path d="M8.9 1.9 3.6 9h3.9l-.4 5.1L12.4 7H8.5z" strokeLinejoin="round" />,
  dot: <circle cx="8" cy="8" r="2.5" fill="currentColor" />,
  plus: <path d="M8 3.25v9.5M3.25 8h9.5" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.25" />
      <path d="m10.2 10.2 3.3 3.3" />
    </>
  ),
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.4" strokeLinecap="round" />,
  command: (
    <path d="M6 6h4v4H6zM6 6H4.4A1.65 1.65 0 1 1 6 4.4zM10 6V4.4A1.65 1.65 0 1 1 11.6 6zM10 10h1.6a1.65 1.65 0 1 1-1.6 1.6zM6 10v1.6A1.65 1.65 0 1 1 4.4 10z" />
  ),
  flask: <path d="M6.25 2h3.5M6.9 2v4.1L3.3 12.3a1.1 1.1 0 0 0 1 1.7h7.4a1.1 1.1 0 0 0 1-1.7L9.1 6.1V2M5.1 10h5.8" />,
  info: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M8 7.4v3.4M8 5.2v.1" />
    </>
  ),
  check: <path d="m3.25 8.5 3.2 3.25 6.3-7" />,
  copy: <path d="M5.75 5.75h7.5v7.5h-7.5zM10.25 5.5V2.75h-7.5v7.5h2.75" strokeLinejoin="round" />,
  trash: <path d="M2.75 4.25h10.5M6 4V2.4h4V4M4.1 4.4l.7 9.1h6.4l.7-9.1" />,
  server: <path d="M2.5 2.75h11v4.25h-11zM2.5 9h11v4.25h-11zM5 4.9h.01M5 11.1h.01" strokeLinejoin="round" />,
  unlinked: (
    <path d="M6.4 4.4 7.7 3.1a3.05 3.05 0 0 1 4.3 0l.9.9a3.05 3.05 0 0 1 0 4.3l-1.3 1.3M9.6 11.6l-1.3 1.3a3.05 3.05 0 0 1-4.3 0l-.9-.9a3.05 3.05 0 0 1 0-4.3l1.3-1.3M3 3l10 10" />
  ),
  blocked: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="m4.1 4.1 7.8 7.8" />
    </>
  ),
  ring: <circle cx="8" cy="8" r="3.5" />,
  pencil: <path d="m3 13 .7-3 6.9-6.9 2.3 2.3L6 12.3zM9.2 4.5l2.3 2.3" strokeLinejoin="round" />,
  key: (
    <>
      <circle cx="5.3" cy="10.7" r="2.8" />
      <path d="M7.3 8.7 13 3M10.6 5.4l2 2" />
    </>
  ),
  down: <path d="m4.25 6.25 3.75 3.75 3.75-3.75" />,
  up: <path d="m4.25 9.75 3.75-3.75 3.75 3.75" />,
  grip: <path d="M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01" strokeWidth="2.2" />,
  gear: <path d="M2.5 4.75h5M11.5 4.75h2M9.5 3v3.5M2.5 11.25h2M8.5 11.25h5M6.5 9.5V13" />,
  group: <path d="M2.5 3h7v4.25h-7zM6.5 8.75h7V13h-7z" strokeLinejoin="round" />,
  left: <path d="m9.75 4.25-3.75 3.75 3.75 3.75" />,
  right: <path d="m6.25 4.25 3.75 3.75-3.75 3.75" />,
  skip: <path d="M3.5 3.6v8.8L10 8zM12.5 3.5v9" strokeLinejoin="round" />,
  calendar: <path d="M2.5 3.75h11v9.5h-11zM2.5 6.75h11M5.5 2.25v2.5M10.5 2.25v2.5" strokeLinejoin="round" />,
  timeline: <path d="M2 4.25h6.5M10.5 4.25H14M2 8h3M7 8h7M2 11.75h8.5M12.5 11.75H14" strokeWidth="2" />,
  host: <path d="M2.25 3h11.5v7.5H2.25zM5.5 13.25h5M8 10.5v2.75" strokeLinejoin="round" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof paths;

/** Decoration beside a text: hidden from screen readers. */
export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg
      className={className === undefined ? 'icon' : `icon ${className}`}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      aria-hidden="true"
      focusable="false"
    >
      {paths[name]}
    </svg>
  );
}

/** The mark of the app: a sun that comes up over the line. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <rect className="mark-night" width="24" height="24" rx="6.5" />
      <path className="mark-sun" d="M6.5 15.5a5.5 5.5 0 0 1 11 0z" />
      <path className="mark-rays" d="M12 4.6v2.3M5.3 7.9l1.6 1.6M18.7 7.9l-1.6 1.6M4.5 18.4h15" />
    </svg>
  );
}

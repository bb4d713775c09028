import type { AppView } from '../../../preload/contract/view';
import { pageCommands } from '../../commands';
import { goToPage } from '../../pages';
import { shortcutText } from '../../shortcuts';
import type { PageName } from '../../store';
import { useWindow } from '../../store';
import { Icon } from '../../ui/icon';

const pages = Object.keys(pageCommands) as PageName[];

/** The window's pages. The mark beside Schedules says that one of them waits for an answer. */
export function Pages({ platform }: { platform: AppView['platform'] }) {
  const page = useWindow((state) => state.page);
  const waiting = useWindow((state) => Object.values(state.view?.schedules ?? {}).filter(({ missed }) => missed !== null).length);
  return (
    <nav className="pages" aria-label="Pages">
      {pages.map((name) => {
        const { label, icon, shortcut } = pageCommands[name];
        return (
          <button
            key={name}
            type="button"
            className="page-button"
            aria-current={name === page ? 'page' : undefined}
            title={`${label} (${shortcutText(shortcut, platform)})`}
            onClick={() => goToPage(name)}
          >
            <Icon name={icon} />
            <span className="page-label">{label}</span>
            {name === 'schedules' && waiting > 0 ? (
              <span className="page-count" title={`${waiting} missed`}>
                {waiting}
                <span className="unseen"> missed</span>
              </span>
            ) : null}
          </button>
        );
      })}
    </nav>
  );
}

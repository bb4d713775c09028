import { useMemo } from 'react';
import type { NoticeView } from '../../../preload/contract/view';
import { actionCommands } from '../../commands';
import { focusRow } from '../../focus';
import { beginAction, dismissNotice } from '../../intents';
import { selectGuest, setSearch, useWindow } from '../../store';
import { Button, IconButton } from '../../ui/button';
import type { IconName } from '../../ui/icon';
import { Icon } from '../../ui/icon';
import { Moment } from '../../ui/times';
import { Block, Line } from '../../ui/untrusted';

const severityIcons: Record<NoticeView['severity'], IconName> = { error: 'crash', warning: 'bell', info: 'info' };

/** Main's notices and the window's own, newest first. They stay until they are dismissed. */
export function Notices() {
  const fromMain = useWindow((state) => state.view?.notices);
  const local = useWindow((state) => state.localNotices);
  const notices = useMemo(
    () => [...Object.values(fromMain ?? {}), ...Object.values(local)].sort((a, b) => b.at - a.at),
    [fromMain, local],
  );
  return (
    <section className="notices" aria-label="Notices" data-empty={notices.length === 0}>
      {notices.length < 3 ? null : (
        <div className="notices-head">
          <span>{notices.length} notices</span>
          <Button look="quiet" onClick={() => notices.forEach((notice) => void dismissNotice(notice))}>
            Dismiss all
          </Button>
        </div>
      )}
      <div className="notice-list">
        {notices.map((notice) => (
          <Notice key={notice.id} notice={notice} />
        ))}
      </div>
    </section>
  );
}

function Notice({ notice }: { notice: NoticeView }) {
  const { severity, title, message, remedy, at } = notice;
  return (
    <div className={`notice notice-${severity}`} role={severity === 'info' ? 'status' : 'alert'}>
      <Icon name={severityIcons[severity]} />
      <div className="notice-text">
        <p className="notice-title">
          <Line text={title} /> <Moment at={at} />
        </p>
        <p>
          <Block text={message} />
        </p>
        {remedy === undefined ? null : (
          <p>
            <Block text={remedy} className="remedy" />
          </p>
        )}
      </div>
      <NoticeButtons notice={notice} />
      <IconButton icon="close" label="Dismiss" onClick={() => void dismissNotice(notice)} />
    </div>
  );
}

function NoticeButtons({ notice }: { notice: NoticeView }) {
  const { guestId, offer } = notice;
  const guest = useWindow((state) => (guestId === undefined ? undefined : state.view?.guests[guestId]));
  if (guest === undefined) return null;
  const show = () => {
    setSearch('');
    selectGuest(guest.id);
    focusRow(guest.id);
  };
  return (
    <div className="button-row">
      {offer === undefined ? null : (
        <Button
          look={actionCommands[offer].destructive ? 'danger' : 'plain'}
          icon={actionCommands[offer].icon}
          onClick={() => beginAction(guest.id, offer)}
        >
          {actionCommands[offer].label}
        </Button>
      )}
      <Button look="quiet" onClick={show}>
        Show guest
      </Button>
    </div>
  );
}

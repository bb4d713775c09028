import type { ReactNode } from 'react';
import { Component } from 'react';
import { Button } from '../../ui/button';

interface State {
  error: Error | null;
}

/** What is left of the window when drawing it failed: what happened, and two ways on. (React asks for a class here.) */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <main className="failed-window" role="alert">
        <h1>The window could not be drawn</h1>
        <p>Your guests and alarms are not affected: they are kept by the part of Reveille behind this window.</p>
        <pre className="code">{error.message}</pre>
        <div className="button-row">
          <Button look="primary" onClick={() => this.setState({ error: null })}>
            Draw it again
          </Button>
          <Button onClick={() => window.location.reload()}>Reload the window</Button>
        </div>
      </main>
    );
  }
}

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Brand } from './brand.tsx';

/** A page that says one thing. */
export function MessagePage({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Scriptorium`;
  }, [title]);
  return (
    <main class="message-page">
      <Brand />
      <h1>{title}</h1>
      {children}
    </main>
  );
}

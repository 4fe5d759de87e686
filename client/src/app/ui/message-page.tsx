import type { ComponentChildren } from 'preact';

/** A page that says one thing. */
export function MessagePage({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <main class="message-page">
      <h1>{title}</h1>
      {children}
    </main>
  );
}

// The title of the document: what the page shows, with a warning sign while it shows old data.

let subject = $state.raw('');

export function getSubject(): string {
  return subject;
}

/** What the open page is about, for example a host's name. */
export function setSubject(next: string): void {
  subject = next;
}

export function documentTitle(about: string, site: string, disconnected: boolean): string {
  const title = about && about !== site ? `${about} · ${site}` : site;
  return disconnected ? `⚠ ${title}` : title;
}

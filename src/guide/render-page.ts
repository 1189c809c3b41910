import { PAGES, START_PAGE } from "./pages.ts";
import style from "./style.css" with { type: "text" };

/** Forbids the pages everything but their own style sheet: they load nothing, run nothing and send nothing. */
export const GUIDE_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${new Bun.CryptoHasher("sha256").update(style).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The heading of level 1 with which every page begins. */
function titleOf(markdown: string): string {
  return /^# (.+)$/m.exec(markdown)?.[1] ?? "";
}

/** A link between pages as GitHub follows it, `page.md#anchor`, as the gateway serves it. All other links stay as they are. */
function servedLink(href: string, root: string): string {
  const [, name = "", anchor = ""] = /^([a-z-]+)\.md(#.*)?$/.exec(href) ?? [];
  return PAGES.has(name) ? `${root}docs/${name}${anchor}` : href;
}

function renderMarkdown(markdown: string, root: string): string {
  const html = Bun.markdown.html(markdown, { headings: { ids: true } });
  return new HTMLRewriter()
    .on("a[href]", {
      element(link) {
        link.setAttribute("href", servedLink(link.getAttribute("href") ?? "", root));
      },
    })
    .transform(html);
}

/** The name of a page in the list of pages. */
function labelOf(name: string, markdown: string): string {
  return Bun.escapeHTML(name === START_PAGE ? "Overview" : titleOf(markdown));
}

/** The list of all pages; below the current one its own headings of level 2. */
function navigation(current: string, body: string, root: string): string {
  const sections = [...body.matchAll(/<h2 id="([^"]+)">(.*?)<\/h2>/g)]
    .map(([, id = "", text = ""]) => `<li><a href="#${id}">${text}</a></li>`)
    .join("");
  const items = [...PAGES].map(([name, markdown]) => {
    const link = (attribute: string): string =>
      `<a href="${root}docs/${name}"${attribute}>${labelOf(name, markdown)}</a>`;
    if (name !== current) return `<li>${link("")}</li>`;
    return `<li>${link(' aria-current="page"')}${sections && `<ul>${sections}</ul>`}</li>`;
  });
  return `<nav>\n<p>Inference Gateway</p>\n<ul>\n${items.join("\n")}\n</ul>\n</nav>`;
}

/**
 * A page of the guide as an HTML document without a script and without a reference to anything but the gateway's own pages.
 * Links are relative, so that they also work behind a reverse proxy that serves the gateway below a path.
 * @param name name of the page, as {@link PAGES} has it
 * @param root relative reference from the page's URL to the root of the gateway: `""` for `/docs`, `"../"` for `/docs/page`
 * @returns undefined if there is no such page
 */
export function renderPage(name: string, root: string): string | undefined {
  const markdown = PAGES.get(name);
  if (markdown === undefined) return undefined;
  const body = renderMarkdown(markdown, root);
  const title = name === START_PAGE ? titleOf(markdown) : `${titleOf(markdown)} - Inference Gateway`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${Bun.escapeHTML(title)}</title>
<style>${style}</style>
</head>
<body>
${navigation(name, body, root)}
<main>
${body}<footer>This page as <a href="${root}docs/${name}.md">Markdown</a>. API reference: <a href="${root}swagger">/swagger</a>.</footer>
</main>
</body>
</html>
`;
}

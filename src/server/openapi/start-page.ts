/**
 * The script that turns the documentation plugin's page into Swagger UI.
 * The plugin's page holds its settings in `#api-reference` and then loads one script, which is this one. It loads the
 * other assets from where it came from itself, with the same version in the query. If the document needs a credential, it
 * asks for one, keeps it in the memory of the page only, and sends it with the requests that are tried out, too.
 */
export const START_PAGE = `"use strict";
{
  const self = new URL(document.currentScript.src);
  const settings = document.getElementById("api-reference");
  const sibling = (name) => new URL(name + self.search, self).href;
  const add = (parent, name, members) => parent.appendChild(Object.assign(document.createElement(name), members));

  add(document.head, "link", { rel: "stylesheet", href: sibling("swagger-ui.css") });
  const place = add(document.body, "div", {});

  const show = (spec, key) => {
    window.ui = SwaggerUIBundle({
      domNode: place,
      spec,
      // Off: the public validator would get the address of this gateway.
      validatorUrl: null,
      deepLinking: true,
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      onComplete: () => key && setTimeout(() => window.ui.preauthorizeApiKey("bearer", key)),
    });
  };

  const askForKey = (problem) => {
    place.replaceChildren();
    const form = add(place, "form", { className: "swagger-ui", style: "margin: 4em auto; max-width: 30em" });
    add(form, "h2", { textContent: "This gateway asks for a key" });
    add(form, "p", { textContent: problem || "A token of the issuer, or one of AUTH_API_KEYS." });
    const input = add(form, "input", { type: "password", name: "key", ariaLabel: "Key", autocomplete: "off" });
    add(form, "button", { className: "btn", textContent: "Open" });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      open(input.value.trim());
    });
    input.focus();
  };

  const open = async (key) => {
    const headers = key ? { authorization: "Bearer " + key } : {};
    const response = await fetch(settings.dataset.url, { headers }).catch(() => undefined);
    if (response && response.status === 401) return askForKey(key && "This key is not accepted.");
    if (!response || !response.ok) {
      place.textContent = "The document cannot be loaded" + (response ? ": status " + response.status : "");
      return;
    }
    place.replaceChildren();
    show(await response.json(), key);
  };

  const bundle = add(document.body, "script", { src: sibling("swagger-ui-bundle.js") });
  bundle.addEventListener("load", () => open(""));
}
`;

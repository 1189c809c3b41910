/**
 * The script that turns the documentation plugin's page into Swagger UI.
 * The plugin's page holds its settings in `#api-reference` and then loads one script, which is this one. It loads the
 * other assets from where it came from itself, with the same version in the query.
 */
export const START_PAGE = `"use strict";
{
  const self = new URL(document.currentScript.src);
  const settings = document.getElementById("api-reference");
  const sibling = (name) => new URL(name + self.search, self).href;

  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = sibling("swagger-ui.css");
  document.head.append(style);

  const place = document.createElement("div");
  document.body.append(place);

  const bundle = document.createElement("script");
  bundle.src = sibling("swagger-ui-bundle.js");
  bundle.addEventListener("load", () => {
    window.ui = SwaggerUIBundle({
      domNode: place,
      url: settings.dataset.url,
      // Off: the public validator would be told the address of this gateway.
      validatorUrl: null,
      deepLinking: true,
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
    });
  });
  document.body.append(bundle);
}
`;

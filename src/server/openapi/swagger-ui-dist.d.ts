// Both files are imported as files (`with { type: "file" }`): the default export is where they are, in the source tree
// or inside the compiled binary.
declare module "swagger-ui-dist/swagger-ui-bundle.js" {
  const path: string;
  export default path;
}
declare module "swagger-ui-dist/swagger-ui.css" {
  const path: string;
  export default path;
}

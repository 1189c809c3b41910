// All kinds are imported as text (`with { type: "text" }`): the default export is what the file says.
declare module "*.md" {
  const text: string;
  export default text;
}
declare module "*.yaml" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}

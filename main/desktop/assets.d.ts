/** A picture in the code, as a data: URL. */
declare module '*?inline' {
  const dataURL: string;
  export default dataURL;
}

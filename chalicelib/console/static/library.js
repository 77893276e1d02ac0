// Twilio's libraries, as Twilio publishes them: scripts that are no modules, loaded when they are used.

const loading = new Map();

// Resolves when the file has run. Throws where the package was made without it.
export function library(file) {
  if (!loading.has(file)) loading.set(file, load(file));
  return loading.get(file);
}

function load(file) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `desk/files/${file}`;
    script.addEventListener("load", () => done());
    script.addEventListener("error", () => {
      loading.delete(file);
      failed(new Error(`The desk cannot load ${file}: the package may have been made without Twilio's libraries.`));
    });
    document.head.append(script);
  });
}

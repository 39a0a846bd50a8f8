/* Lets the site start without a network from the second visit on, and tells when there is a newer
 * one. Nothing is fetched ahead before Python is ready: the first start is not slowed down. */

const QUIET_MS = 2_000; // the visitor begins, and the files may come in beside that

let isKept = false;

async function keepOffline() {
  if (isKept || !("serviceWorker" in navigator)) return;
  isKept = true;
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  let isReloading = false;
  const hadController = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (hadController && !isReloading) {
      isReloading = true;
      location.reload();
    }
  });
  try {
    const registration = await navigator.serviceWorker.register("service-worker.js");
    const offer = () => offerUpdate(registration);
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", offer);
    });
    offer();
  } catch (error) {
    // Private windows and insecure addresses refuse; the site then needs the network.
    console.info(`The site is not kept for use without a network: ${error.message}`);
  }
}

function offerUpdate(registration) {
  const {waiting} = registration;
  if (!waiting || !navigator.serviceWorker.controller || document.querySelector(".site-news")) return;
  showNews("A newer Inkling is ready.", "Reload", () => waiting.postMessage("take over"));
}

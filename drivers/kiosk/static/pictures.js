// Pictures the hall gives to a tablet: the photo on the card, the code the province issued. Each is fetched
// when its file changes and kept for the next start. One that is not the one wanted now is never shown: a
// photo must not stand beside another's name.

export class Pictures {
  // fetch(of): the daemon's answer {stamp, data}.
  constructor(keeping, fetch) {
    Object.assign(this, { keeping, fetch, shown: {}, wanted: {} });
  }

  // Show picture `of` in `image`, whose frame hides with it; stamp null: there is none.
  async show(of, stamp, image, frame = image) {
    this.wanted[of] = stamp;
    if (stamp && this.shown[of] === stamp) return;
    frame.hidden = true;
    this.shown[of] = null;
    if (!stamp) return;
    let kept = await this.keeping.recall(`picture ${of}`);
    try {
      if (kept?.stamp !== stamp) {
        kept = await this.fetch(of);
        await this.keeping.keep(`picture ${of}`, kept);
      }
    } catch {
      return; // a page without it works as well; the next round asks again
    }
    if (kept.stamp !== stamp || this.wanted[of] !== stamp) return; // somebody else is on duty by now
    image.src = kept.data;
    frame.hidden = false;
    this.shown[of] = stamp;
  }
}

#ifndef TORCHLIGHT_LIBJPEG_DECODE_H
#define TORCHLIGHT_LIBJPEG_DECODE_H

/* Decodes a JPEG of w x h pixels, grey, YCbCr or RGB, into out: rows of 3 * w bytes,
   red, green, blue. Returns 1, or 0 if there is anything wrong with the file. It keeps
   no pointer, and holds no state between calls: any number of threads may call it. */
int tl_jpeg_rgb(const unsigned char* file, unsigned long size, unsigned int w, unsigned int h, unsigned char* out);

#endif

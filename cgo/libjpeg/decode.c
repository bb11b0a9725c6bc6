//go:build libjpegturbo && cgo

#include "decode.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */

#include <jpeglib.h>

/* libjpeg's own error handler ends the process. This one goes back to the caller, for
   warnings too: a file with one is left to a decoder that says what is wrong. */
struct failure {
  struct jpeg_error_mgr base;
  jmp_buf caller;
};

static void fail(j_common_ptr info) {
  struct failure* f = (struct failure*)info->err;
  longjmp(f->caller, 1);
}

/* Levels below 0 are warnings, those above are traces. */
static void fail_on_warning(j_common_ptr info, int level) {
  if (level < 0) fail(info);
}

int tl_jpeg_rgb(const unsigned char* file, unsigned long size, unsigned int w, unsigned int h, unsigned char* out) {
  struct jpeg_decompress_struct info;
  struct failure f;
  info.err = jpeg_std_error(&f.base);
  f.base.error_exit = fail;
  f.base.emit_message = fail_on_warning;
  if (setjmp(f.caller)) {
    jpeg_destroy_decompress(&info);
    return 0;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file, size);
  jpeg_read_header(&info, TRUE);
  if (info.image_width != w || info.image_height != h || (info.num_components != 1 && info.num_components != 3))
    fail((j_common_ptr)&info);
  info.out_color_space = JCS_RGB; /* with Pillow's inverse DCT and upsampling: the defaults */
  jpeg_start_decompress(&info);
  while (info.output_scanline < h) {
    JSAMPROW row = out + 3 * (unsigned long)w * info.output_scanline;
    if (jpeg_read_scanlines(&info, &row, 1) != 1) fail((j_common_ptr)&info);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return 1;
}

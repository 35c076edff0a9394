;; Products of rows with packed weights: y[r, n] = max(bias[n] + sum_k x[r, k] w[k, n], low).
;;
;; Weights are packed in panels of 16 columns, the last one filled up with zeros: w[panel][k][16], so that the inner loop reads
;; them one behind the other; the bias is filled up likewise. Two rows go through a panel together, since what bounds a
;; product of few rows is the reading of its weights. Each sum runs over k in order and starts at the bias, whatever the
;; number of rows: a row's result depends on no other row.
;;
;; The first 64 bytes of the memory are where columns of a panel that is not full are put first.
(module
  (import "processor" "memory" (memory 1))

  ;; Stores 16 columns, or the first `count` of them.
  (func $store (param $y i32) (param $count i32) (param $low v128)
      (param $a v128) (param $b v128) (param $c v128) (param $d v128)
    (local $to i32) (local $i i32)
    (local.set $to (select (local.get $y) (i32.const 0) (i32.ge_u (local.get $count) (i32.const 16))))
    (v128.store (local.get $to) (f32x4.max (local.get $a) (local.get $low)))
    (v128.store offset=16 (local.get $to) (f32x4.max (local.get $b) (local.get $low)))
    (v128.store offset=32 (local.get $to) (f32x4.max (local.get $c) (local.get $low)))
    (v128.store offset=48 (local.get $to) (f32x4.max (local.get $d) (local.get $low)))
    (if (i32.lt_u (local.get $count) (i32.const 16))
      (then
        (local.set $i (i32.shl (local.get $count) (i32.const 2)))
        (loop $columns
          (local.set $i (i32.sub (local.get $i) (i32.const 4)))
          (f32.store (i32.add (local.get $y) (local.get $i)) (f32.load (local.get $i)))
          (br_if $columns (local.get $i))))))

  ;; Addresses x, w, bias, y and strides of x and y in bytes; rows, k and n from 1.
  (func (export "product") (param $x i32) (param $w i32) (param $bias i32) (param $y i32)
      (param $rows i32) (param $k i32) (param $n i32) (param $x_stride i32) (param $y_stride i32) (param $low f32)
    (local $left i32) (local $row i32) (local $to i32) (local $from i32) (local $at i32) (local $end i32)
    (local $v v128) (local $u v128) (local $q v128) (local $lows v128)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128)
    (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128)
    (local.set $lows (f32x4.splat (local.get $low)))
    (loop $panels
      (local.set $row (local.get $x))
      (local.set $to (local.get $y))
      (local.set $left (local.get $rows))
      (loop $blocks
        (local.set $a0 (v128.load (local.get $bias)))
        (local.set $a1 (v128.load offset=16 (local.get $bias)))
        (local.set $a2 (v128.load offset=32 (local.get $bias)))
        (local.set $a3 (v128.load offset=48 (local.get $bias)))
        (local.set $from (local.get $w))
        (local.set $at (local.get $row))
        (local.set $end (i32.add (local.get $row) (i32.shl (local.get $k) (i32.const 2))))
        (if (i32.eq (local.get $left) (i32.const 1))
          (then
            (loop $one
              (local.set $v (v128.load32_splat (local.get $at)))
              (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (local.get $v) (v128.load (local.get $from)))))
              (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (local.get $v) (v128.load offset=16 (local.get $from)))))
              (local.set $a2 (f32x4.add (local.get $a2) (f32x4.mul (local.get $v) (v128.load offset=32 (local.get $from)))))
              (local.set $a3 (f32x4.add (local.get $a3) (f32x4.mul (local.get $v) (v128.load offset=48 (local.get $from)))))
              (local.set $from (i32.add (local.get $from) (i32.const 64)))
              (br_if $one
                (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
            (call $store (local.get $to) (local.get $n) (local.get $lows)
              (local.get $a0) (local.get $a1) (local.get $a2) (local.get $a3))
            (local.set $left (i32.const 0)))
          (else
            (local.set $b0 (local.get $a0))
            (local.set $b1 (local.get $a1))
            (local.set $b2 (local.get $a2))
            (local.set $b3 (local.get $a3))
            (loop $two
              (local.set $v (v128.load32_splat (local.get $at)))
              (local.set $u (v128.load32_splat (i32.add (local.get $at) (local.get $x_stride))))
              (local.set $q (v128.load (local.get $from)))
              (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (local.get $v) (local.get $q))))
              (local.set $b0 (f32x4.add (local.get $b0) (f32x4.mul (local.get $u) (local.get $q))))
              (local.set $q (v128.load offset=16 (local.get $from)))
              (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (local.get $v) (local.get $q))))
              (local.set $b1 (f32x4.add (local.get $b1) (f32x4.mul (local.get $u) (local.get $q))))
              (local.set $q (v128.load offset=32 (local.get $from)))
              (local.set $a2 (f32x4.add (local.get $a2) (f32x4.mul (local.get $v) (local.get $q))))
              (local.set $b2 (f32x4.add (local.get $b2) (f32x4.mul (local.get $u) (local.get $q))))
              (local.set $q (v128.load offset=48 (local.get $from)))
              (local.set $a3 (f32x4.add (local.get $a3) (f32x4.mul (local.get $v) (local.get $q))))
              (local.set $b3 (f32x4.add (local.get $b3) (f32x4.mul (local.get $u) (local.get $q))))
              (local.set $from (i32.add (local.get $from) (i32.const 64)))
              (br_if $two
                (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
            (call $store (local.get $to) (local.get $n) (local.get $lows)
              (local.get $a0) (local.get $a1) (local.get $a2) (local.get $a3))
            (call $store (i32.add (local.get $to) (local.get $y_stride)) (local.get $n) (local.get $lows)
              (local.get $b0) (local.get $b1) (local.get $b2) (local.get $b3))
            (local.set $row (i32.add (local.get $row) (i32.shl (local.get $x_stride) (i32.const 1))))
            (local.set $to (i32.add (local.get $to) (i32.shl (local.get $y_stride) (i32.const 1))))
            (local.set $left (i32.sub (local.get $left) (i32.const 2)))))
        (br_if $blocks (local.get $left)))
      (local.set $w (local.get $from))
      (local.set $bias (i32.add (local.get $bias) (i32.const 64)))
      (local.set $y (i32.add (local.get $y) (i32.const 64)))
      (local.set $n (i32.sub (local.get $n) (i32.const 16)))
      (br_if $panels (i32.gt_s (local.get $n) (i32.const 0))))))

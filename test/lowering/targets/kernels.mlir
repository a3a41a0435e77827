// Kernels written by hand: each ends up in C and in the interpreter, and both must agree.

func.func @matmul(%a: memref<8x12xf32>, %b: memref<12x32xf32>, %c: memref<8x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c12 = arith.constant 12 : index
  scf.forall (%i, %j) = (0, 0) to (8, 32) step (2, 16) {
    %zero = arith.constant dense<0.0> : vector<16xf32>
    %i1 = affine.apply affine_map<(d0) -> (d0 + 1)>(%i)
    %r:2 = scf.for %k = %c0 to %c12 step %c1 iter_args(%x = %zero, %y = %zero) -> (vector<16xf32>, vector<16xf32>) {
      %bv = vector.load %b[%k, %j] : memref<12x32xf32>, vector<16xf32>
      %a0 = memref.load %a[%i, %k] : memref<8x12xf32>
      %a1 = memref.load %a[%i1, %k] : memref<8x12xf32>
      %s0 = vector.broadcast %a0 : f32 to vector<16xf32>
      %s1 = vector.broadcast %a1 : f32 to vector<16xf32>
      %n0 = vector.fma %s0, %bv, %x : vector<16xf32>
      %n1 = vector.fma %s1, %bv, %y : vector<16xf32>
      scf.yield %n0, %n1 : vector<16xf32>, vector<16xf32>
    }
    vector.store %r#0, %c[%i, %j] : memref<8x32xf32>, vector<16xf32>
    vector.store %r#1, %c[%i1, %j] : memref<8x32xf32>, vector<16xf32>
  }
  return
}

func.func @elementwise_tail(%a: memref<37xf32>, %b: memref<37xf32>, %o: memref<37xf32>) {
  scf.forall (%u) in (1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c32 = arith.constant 32 : index
    %c37 = arith.constant 37 : index
    %six = arith.constant dense<6.0> : vector<8xf32>
    %zero = arith.constant dense<0.0> : vector<8xf32>
    scf.for %i = %c0 to %c32 step %c8 {
      %x = vector.load %a[%i] : memref<37xf32>, vector<8xf32>
      %y = vector.load %b[%i] : memref<37xf32>, vector<8xf32>
      %p = arith.mulf %x, %y : vector<8xf32>
      %q = arith.addf %p, %x : vector<8xf32>
      %d = arith.divf %q, %y : vector<8xf32>
      %s = arith.subf %q, %d : vector<8xf32>
      %l = arith.maximumf %s, %zero : vector<8xf32>
      %h = arith.minimumf %six, %l : vector<8xf32>
      %m = arith.cmpf ogt, %x, %y : vector<8xf32>
      %n = arith.negf %h : vector<8xf32>
      %r = arith.select %m, %h, %n : vector<8xi1>, vector<8xf32>
      vector.store %r, %o[%i] : memref<37xf32>, vector<8xf32>
    }
    %six_s = arith.constant 6.0 : f32
    %zero_s = arith.constant 0.0 : f32
    scf.for %i = %c32 to %c37 step %c1 {
      %x = memref.load %a[%i] : memref<37xf32>
      %y = memref.load %b[%i] : memref<37xf32>
      %p = arith.mulf %x, %y : f32
      %q = arith.addf %p, %x : f32
      %d = arith.divf %q, %y : f32
      %s = arith.subf %q, %d : f32
      %l = arith.maximumf %s, %zero_s : f32
      %h = arith.minimumf %six_s, %l : f32
      %m = arith.cmpf ogt, %x, %y : f32
      %n = arith.negf %h : f32
      %r = arith.select %m, %h, %n : f32
      memref.store %r, %o[%i] : memref<37xf32>
    }
  }
  return
}

func.func @nan(%a: memref<16xf32>, %b: memref<16xf32>, %o: memref<6x16xf32>) {
  scf.forall (%u) in (1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %one = arith.constant dense<1.0> : vector<16xf32>
    %x = vector.load %a[%c0] : memref<16xf32>, vector<16xf32>
    %y = vector.load %b[%c0] : memref<16xf32>, vector<16xf32>
    %0 = arith.maximumf %x, %y : vector<16xf32>
    %1 = arith.minimumf %x, %y : vector<16xf32>
    %2 = arith.maxnumf %x, %y : vector<16xf32>
    %3 = arith.minnumf %x, %y : vector<16xf32>
    %4 = arith.maximumf %one, %x : vector<16xf32>
    vector.store %0, %o[%c0, %c0] : memref<6x16xf32>, vector<16xf32>
    vector.store %1, %o[%c1, %c0] : memref<6x16xf32>, vector<16xf32>
    vector.store %2, %o[%c2, %c0] : memref<6x16xf32>, vector<16xf32>
    vector.store %3, %o[%c3, %c0] : memref<6x16xf32>, vector<16xf32>
    vector.store %4, %o[%c4, %c0] : memref<6x16xf32>, vector<16xf32>
    %c16 = arith.constant 16 : index
    scf.for %i = %c0 to %c16 step %c1 {
      %p = memref.load %a[%i] : memref<16xf32>
      %q = memref.load %b[%i] : memref<16xf32>
      %m = arith.maximumf %p, %q : f32
      %n = arith.minnumf %m, %q : f32
      %t = arith.cmpf ult, %p, %q : f32
      %w = arith.select %t, %n, %p : f32
      memref.store %w, %o[%c5, %i] : memref<6x16xf32>
    }
  }
  return
}

func.func @softmax(%a: memref<5x24xf32>, %o: memref<5x24xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c24 = arith.constant 24 : index
  scf.forall (%i) in (5) {
    %low = arith.constant dense<0xFF800000> : vector<8xf32>
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %m = scf.for %j = %c0 to %c24 step %c8 iter_args(%x = %low) -> (vector<8xf32>) {
      %v = vector.load %a[%i, %j] : memref<5x24xf32>, vector<8xf32>
      %n = arith.maximumf %x, %v : vector<8xf32>
      scf.yield %n : vector<8xf32>
    }
    %max = vector.reduction <maximumf>, %m : vector<8xf32> into f32
    %maxv = vector.broadcast %max : f32 to vector<8xf32>
    %s = scf.for %j = %c0 to %c24 step %c8 iter_args(%x = %zero) -> (vector<8xf32>) {
      %v = vector.load %a[%i, %j] : memref<5x24xf32>, vector<8xf32>
      %d = arith.subf %v, %maxv : vector<8xf32>
      %e = math.exp %d : vector<8xf32>
      vector.store %e, %o[%i, %j] : memref<5x24xf32>, vector<8xf32>
      %n = arith.addf %x, %e : vector<8xf32>
      scf.yield %n : vector<8xf32>
    }
    %start = arith.constant 0.0 : f32
    %sum = vector.reduction <add>, %s, %start fastmath<reassoc> : vector<8xf32> into f32
    %sumv = vector.broadcast %sum : f32 to vector<8xf32>
    scf.for %j = %c0 to %c24 step %c8 {
      %v = vector.load %o[%i, %j] : memref<5x24xf32>, vector<8xf32>
      %d = arith.divf %v, %sumv : vector<8xf32>
      vector.store %d, %o[%i, %j] : memref<5x24xf32>, vector<8xf32>
    }
  }
  return
}

func.func @conv_guarded(%in: memref<7x9x4xf32>, %f: memref<3x3x4x8xf32>, %o: memref<4x5x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c7 = arith.constant 7 : index
  %c9 = arith.constant 9 : index
  scf.forall (%y, %x) in (4, 5) {
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %acc = scf.for %ky = %c0 to %c3 step %c1 iter_args(%s0 = %zero) -> (vector<8xf32>) {
      %iy = affine.apply affine_map<(d0, d1) -> (d0 * 2 + d1 - 1)>(%y, %ky)
      %in0 = arith.cmpi sge, %iy, %c0 : index
      %in1 = arith.cmpi slt, %iy, %c7 : index
      %rowin = arith.andi %in0, %in1 : i1
      %s1 = scf.for %kx = %c0 to %c3 step %c1 iter_args(%t0 = %s0) -> (vector<8xf32>) {
        %ix = affine.apply affine_map<(d0, d1) -> (d0 * 2 + d1 - 1)>(%x, %kx)
        %in2 = arith.cmpi sge, %ix, %c0 : index
        %in3 = arith.cmpi slt, %ix, %c9 : index
        %colin = arith.andi %in2, %in3 : i1
        %both = arith.andi %rowin, %colin : i1
        %t3 = scf.if %both -> (vector<8xf32>) {
          %t2 = scf.for %c = %c0 to %c4 step %c1 iter_args(%t1 = %t0) -> (vector<8xf32>) {
            %v = memref.load %in[%iy, %ix, %c] : memref<7x9x4xf32>
            %w = vector.load %f[%ky, %kx, %c, %c0] : memref<3x3x4x8xf32>, vector<8xf32>
            %b = vector.broadcast %v : f32 to vector<8xf32>
            %n = vector.fma %b, %w, %t1 : vector<8xf32>
            scf.yield %n : vector<8xf32>
          }
          scf.yield %t2 : vector<8xf32>
        } else {
          scf.yield %t0 : vector<8xf32>
        }
        scf.yield %t3 : vector<8xf32>
      }
      scf.yield %s1 : vector<8xf32>
    }
    vector.store %acc, %o[%y, %x, %c0] : memref<4x5x8xf32>, vector<8xf32>
  }
  return
}

func.func @integers(%a: memref<16xi32>, %b: memref<16xi32>, %o: memref<14x16xi32>, %bytes: memref<16xi8>, %flags: memref<16xi1>, %wide: memref<16xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  scf.forall (%u) in (1) {
    %i0 = arith.constant 0 : index
    %i1 = arith.constant 1 : index
    %i2 = arith.constant 2 : index
    %i3 = arith.constant 3 : index
    %i4 = arith.constant 4 : index
    %i5 = arith.constant 5 : index
    %i6 = arith.constant 6 : index
    %i7 = arith.constant 7 : index
    %i8 = arith.constant 8 : index
    %i9 = arith.constant 9 : index
    %i10 = arith.constant 10 : index
    %i11 = arith.constant 11 : index
    %i12 = arith.constant 12 : index
    %i13 = arith.constant 13 : index
    %x = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
    %y = vector.load %b[%c0] : memref<16xi32>, vector<16xi32>
    %three = arith.constant dense<3> : vector<16xi32>
    %0 = arith.addi %x, %y : vector<16xi32>
    %1 = arith.muli %x, %y : vector<16xi32>
    %2 = arith.subi %x, %y : vector<16xi32>
    %3 = arith.maxsi %x, %y : vector<16xi32>
    %4 = arith.minui %x, %y : vector<16xi32>
    %5 = arith.shli %x, %three : vector<16xi32>
    %6 = arith.shrsi %x, %three : vector<16xi32>
    %7 = arith.shrui %x, %three : vector<16xi32>
    %8 = arith.xori %x, %y : vector<16xi32>
    %lt = arith.cmpi ult, %x, %y : vector<16xi32>
    %9 = arith.select %lt, %x, %y : vector<16xi1>, vector<16xi32>
    %10 = arith.extui %lt : vector<16xi1> to vector<16xi32>
    %f = arith.sitofp %x : vector<16xi32> to vector<16xf32>
    %h = arith.constant dense<0.5> : vector<16xf32>
    %g = arith.mulf %f, %h : vector<16xf32>
    %11 = arith.fptosi %g : vector<16xf32> to vector<16xi32>
    %12 = math.absi %x : vector<16xi32>
    %sum = vector.reduction <add>, %x : vector<16xi32> into i32
    %max = vector.reduction <maxui>, %y, %sum : vector<16xi32> into i32
    %13 = vector.broadcast %max : i32 to vector<16xi32>
    vector.store %0, %o[%i0, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %1, %o[%i1, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %2, %o[%i2, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %3, %o[%i3, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %4, %o[%i4, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %5, %o[%i5, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %6, %o[%i6, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %7, %o[%i7, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %8, %o[%i8, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %9, %o[%i9, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %10, %o[%i10, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %11, %o[%i11, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %12, %o[%i12, %c0] : memref<14x16xi32>, vector<16xi32>
    vector.store %13, %o[%i13, %c0] : memref<14x16xi32>, vector<16xi32>
    %tr = arith.trunci %1 : vector<16xi32> to vector<16xi8>
    vector.store %tr, %bytes[%c0] : memref<16xi8>, vector<16xi8>
    vector.store %lt, %flags[%c0] : memref<16xi1>, vector<16xi1>
    %seven = arith.constant 7 : i32
    scf.for %i = %c0 to %c16 step %c1 {
      %p = memref.load %a[%i] : memref<16xi32>
      %q = memref.load %b[%i] : memref<16xi32>
      %m = arith.muli %p, %q : i32
      %d = arith.floordivsi %m, %seven : i32
      %e = arith.remsi %m, %seven : i32
      %n = arith.divui %q, %seven : i32
      %k = memref.load %flags[%i] : memref<16xi1>
      %l = arith.extsi %k : i1 to i32
      %s1 = arith.addi %d, %e : i32
      %s2 = arith.addi %s1, %n : i32
      %s3 = arith.subi %s2, %l : i32
      %w = arith.extsi %s3 : i32 to i64
      %idx = arith.index_cast %i : index to i64
      %r = arith.addi %w, %idx : i64
      memref.store %r, %wide[%i] : memref<16xi64>
    }
  }
  return
}

func.func @rearrange(%a: memref<16xf32>, %b: memref<16xf32>, %o: memref<12x16xf32>) {
  scf.forall (%u) in (1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %c6 = arith.constant 6 : index
    %c7 = arith.constant 7 : index
    %c8 = arith.constant 8 : index
    %c9 = arith.constant 9 : index
    %c10 = arith.constant 10 : index
    %c11 = arith.constant 11 : index
    %x = vector.load %a[%c0] : memref<16xf32>, vector<16xf32>
    %y = vector.load %b[%c0] : memref<16xf32>, vector<16xf32>
    %0 = vector.shuffle %x, %y [0, 16, 1, 17, 2, 18, 3, 19, 31, 30, 29, 28, 15, 14, 13, 12] : vector<16xf32>, vector<16xf32>
    %h = vector.extract_strided_slice %x {offsets = [4], sizes = [8], strides = [1]} : vector<16xf32> to vector<8xf32>
    %1 = vector.insert_strided_slice %h, %y {offsets = [6], strides = [1]} : vector<8xf32> into vector<16xf32>
    %sq = vector.shape_cast %x : vector<16xf32> to vector<4x4xf32>
    %tr = vector.transpose %sq, [1, 0] : vector<4x4xf32> to vector<4x4xf32>
    %2 = vector.shape_cast %tr : vector<4x4xf32> to vector<16xf32>
    %row = vector.extract %sq[2] : vector<4xf32> from vector<4x4xf32>
    %rep = vector.broadcast %row : vector<4xf32> to vector<4x4xf32>
    %3 = vector.shape_cast %rep : vector<4x4xf32> to vector<16xf32>
    %n = vector.create_mask %c5 : vector<16xi1>
    %4 = vector.maskedload %a[%c0], %n, %y : memref<16xf32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
    %km = vector.constant_mask [3] : vector<16xi1>
    %5 = arith.select %km, %x, %y : vector<16xi1>, vector<16xf32>
    %st = vector.step : vector<16xindex>
    %sti = arith.index_cast %st : vector<16xindex> to vector<16xi32>
    %c15 = arith.constant dense<15> : vector<16xi32>
    %rev = arith.subi %c15, %sti : vector<16xi32>
    %6 = vector.gather %a[%c0] [%rev], %n, %y : memref<16xf32>, vector<16xi32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
    %e0 = vector.extract %x[3] : f32 from vector<16xf32>
    %e1 = vector.extract %y[%c7] : f32 from vector<16xf32>
    %q = vector.from_elements %e0, %e1, %e1, %e0 : vector<4xf32>
    %7 = vector.insert_strided_slice %q, %x {offsets = [9], strides = [1]} : vector<4xf32> into vector<16xf32>
    %8 = vector.insert %e1, %x [%c9] : f32 into vector<16xf32>
    %9 = vector.interleave %h, %h : vector<8xf32> -> vector<16xf32>
    %bits = vector.bitcast %x : vector<16xf32> to vector<16xi32>
    %mask = arith.constant dense<2147483647> : vector<16xi32>
    %abs = arith.andi %bits, %mask : vector<16xi32>
    %10 = vector.bitcast %abs : vector<16xi32> to vector<16xf32>
    vector.store %0, %o[%c0, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %1, %o[%c1, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %2, %o[%c2, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %3, %o[%c3, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %4, %o[%c4, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %5, %o[%c5, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %6, %o[%c6, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %7, %o[%c7, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %8, %o[%c8, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %9, %o[%c9, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.store %10, %o[%c10, %c0] : memref<12x16xf32>, vector<16xf32>
    vector.maskedstore %o[%c11, %c0], %n, %x : memref<12x16xf32>, vector<16xi1>, vector<16xf32>
    %pad = arith.constant -1.0 : f32
    %t = vector.transfer_read %a[%c10], %pad : memref<16xf32>, vector<8xf32>
    vector.transfer_write %t, %o[%c11, %c10] : vector<8xf32>, memref<12x16xf32>
  }
  return
}

func.func @views(%a: memref<6x8xf32>, %o: memref<6x8xf32>, %i8: memref<128xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %flat = memref.collapse_shape %a [[0, 1]] : memref<6x8xf32> into memref<48xf32>
  %split = memref.expand_shape %flat [[0, 1, 2]] output_shape [3, 2, 8] : memref<48xf32> into memref<3x2x8xf32>
  scf.forall (%i) in (3) {
    %part = memref.subview %split[%i, 0, 2] [1, 2, 4] [1, 1, 1] : memref<3x2x8xf32> to memref<2x4xf32, strided<[8, 1], offset: ?>>
    %out = memref.subview %o[%i, 0] [1, 4] [1, 2] : memref<6x8xf32> to memref<4xf32, strided<[2], offset: ?>>
    %tmp = memref.alloca() : memref<2x4xf32>
    memref.copy %part, %tmp : memref<2x4xf32, strided<[8, 1], offset: ?>> to memref<2x4xf32>
    scf.for %j = %c0 to %c4 step %c1 {
      %p = memref.load %tmp[%c0, %j] : memref<2x4xf32>
      %q = memref.load %tmp[%c1, %j] : memref<2x4xf32>
      %s = arith.addf %p, %q : f32
      memref.store %s, %out[%j] : memref<4xf32, strided<[2], offset: ?>>
    }
    %shift = affine.apply affine_map<(d0) -> (d0 * 16 + 16)>(%i)
    %v = memref.view %i8[%shift][] : memref<128xi8> to memref<4xf32>
    %w = vector.load %tmp[%c1, %c0] : memref<2x4xf32>, vector<4xf32>
    vector.store %w, %v[%c0] : memref<4xf32>, vector<4xf32>
    %big = memref.alloca() : memref<2048xf32>
    %at = affine.apply affine_map<(d0) -> (d0 * 100)>(%i)
    vector.store %w, %big[%at] : memref<2048xf32>, vector<4xf32>
    %back = memref.load %big[%at] : memref<2048xf32>
    %row = affine.apply affine_map<(d0) -> (d0 + 3)>(%i)
    memref.store %back, %o[%row, %c2] : memref<6x8xf32>
  }
  return
}

func.func @control(%a: memref<20xi32>, %o: memref<20x6xi32>) {
  scf.forall (%i) = (2) to (20) step (3) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %one = arith.constant 1 : i32
    %lim = arith.constant 50 : i32
    %x = memref.load %a[%i] : memref<20xi32>
    %w:2 = scf.while (%v = %x, %n = %one) : (i32, i32) -> (i32, i32) {
      %go = arith.cmpi slt, %v, %lim : i32
      scf.condition(%go) %v, %n : i32, i32
    } do {
    ^bb0(%v: i32, %n: i32):
      %d = arith.addi %v, %n : i32
      %m = arith.addi %n, %one : i32
      scf.yield %d, %m : i32, i32
    }
    memref.store %w#0, %o[%i, %c0] : memref<20x6xi32>
    memref.store %w#1, %o[%i, %c1] : memref<20x6xi32>
    %lo = affine.max affine_map<(d0) -> (d0 - 10, -2)>(%i)
    %q = affine.apply affine_map<(d0) -> ((d0 - 11) floordiv 4)>(%i)
    %r = affine.apply affine_map<(d0) -> ((d0 - 11) mod 4 + d0 ceildiv 3 + d0 floordiv 2 + d0 mod 5)>(%i)
    %b = affine.min affine_map<(d0)[s0] -> (d0 + 4, 13, s0 * 2)>(%i)[%lo]
    %li = arith.index_cast %lo : index to i32
    %qi = arith.index_cast %q : index to i32
    %ri = arith.index_cast %r : index to i32
    %bi = arith.index_cast %b : index to i32
    memref.store %li, %o[%i, %c2] : memref<20x6xi32>
    memref.store %qi, %o[%i, %c3] : memref<20x6xi32>
    memref.store %ri, %o[%i, %c4] : memref<20x6xi32>
    // Two carried values that change places.
    %s:2 = scf.for %k = %c0 to %c3 step %c1 iter_args(%p = %li, %t = %bi) -> (i32, i32) {
      %z = arith.addi %t, %one : i32
      scf.yield %z, %p : i32, i32
    }
    %e = arith.muli %s#0, %s#1 : i32
    memref.store %e, %o[%i, %c5] : memref<20x6xi32>
    %skip = arith.cmpi sgt, %x, %lim : i32
    scf.if %skip {
      memref.store %one, %o[%i, %c5] : memref<20x6xi32>
    }
  }
  return
}

func.func @other_widths(%d: memref<8xf64>, %h: memref<16xf16>, %l: memref<8xi64>, %b: memref<16xi8>, %od: memref<8xf64>, %oh: memref<16xf16>, %ol: memref<8xi64>, %ob: memref<16xi8>, %odd: memref<6xf32>) {
  scf.forall (%u, %one) in (1, 1) {
    %c0 = arith.constant 0 : index
    %d0 = vector.load %d[%c0] : memref<8xf64>, vector<8xf64>
    %half = arith.constant dense<0.5> : vector<8xf64>
    %d1 = arith.maximumf %d0, %half : vector<8xf64>
    %d2 = math.exp %d1 : vector<8xf64>
    %dm = arith.cmpf olt, %d0, %half : vector<8xf64>
    %d3 = arith.select %dm, %d0, %d2 : vector<8xi1>, vector<8xf64>
    vector.store %d3, %od[%c0] : memref<8xf64>, vector<8xf64>
    %h0 = vector.load %h[%c0] : memref<16xf16>, vector<16xf16>
    %h1 = arith.extf %h0 : vector<16xf16> to vector<16xf32>
    %h2 = arith.mulf %h1, %h1 : vector<16xf32>
    %h3 = arith.truncf %h2 : vector<16xf32> to vector<16xf16>
    %h4 = arith.addf %h3, %h0 : vector<16xf16>
    vector.store %h4, %oh[%c0] : memref<16xf16>, vector<16xf16>
    %l0 = vector.load %l[%c0] : memref<8xi64>, vector<8xi64>
    %seven = arith.constant dense<7> : vector<8xi64>
    %l1 = arith.muli %l0, %seven : vector<8xi64>
    %l2 = arith.floordivsi %l1, %seven : vector<8xi64>
    %lm = arith.cmpi slt, %l0, %seven : vector<8xi64>
    %l3 = arith.select %lm, %l1, %l2 : vector<8xi1>, vector<8xi64>
    vector.store %l3, %ol[%c0] : memref<8xi64>, vector<8xi64>
    %b0 = vector.load %b[%c0] : memref<16xi8>, vector<16xi8>
    %bm = arith.minui %b0, %b0 : vector<16xi8>
    %b1 = arith.extui %bm : vector<16xi8> to vector<16xi32>
    %b2 = arith.muli %b1, %b1 : vector<16xi32>
    %b3 = arith.trunci %b2 : vector<16xi32> to vector<16xi8>
    %bt = arith.cmpi ugt, %b0, %b3 : vector<16xi8>
    %b4 = arith.select %bt, %b0, %b3 : vector<16xi1>, vector<16xi8>
    vector.store %b4, %ob[%c0] : memref<16xi8>, vector<16xi8>
    %o0 = vector.load %odd[%c0] : memref<6xf32>, vector<6xf32>
    %o1 = arith.addf %o0, %o0 : vector<6xf32>
    %sum = vector.reduction <add>, %o1 fastmath<reassoc> : vector<6xf32> into f32
    %o2 = vector.broadcast %sum : f32 to vector<6xf32>
    %o3 = arith.addf %o1, %o2 : vector<6xf32>
    vector.store %o3, %odd[%c0] : memref<6xf32>, vector<6xf32>
  }
  return
}
